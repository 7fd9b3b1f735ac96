import type { Finding } from "@upshift/findings";

/**
 * Whether a finding is about one plan that an advised index, itself a finding, makes a better one.
 *
 * A person reads about the index once; its plans would say the same again, query by query.
 */
export function isAnswered({ rule, verified }: Finding): boolean {
  return verified !== undefined && !rule.startsWith("index/");
}

/** `plan/seq-scan 9, plan/rows-removed 2`: how often each rule is among the findings, the most frequent first. */
export function countByRule(findings: readonly Finding[]): string {
  const counts = new Map<string, number>();
  for (const { rule } of findings) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([rule, count]) => `${rule} ${count}`)
    .join(", ");
}
