import type { Finding } from "@upshift/findings";

/** One finding per key: of two, the verified one, else the one that costs more. */
export function uniqueFindings(findings: readonly Finding[]): readonly Finding[] {
  const byKey = new Map<string, Finding>();
  for (const finding of findings) {
    const known = byKey.get(finding.key);
    if (known === undefined || isBetter(finding, known)) byKey.set(finding.key, finding);
  }
  return [...byKey.values()];
}

function isBetter(finding: Finding, known: Finding): boolean {
  const isVerified = finding.verified !== undefined;
  if (isVerified !== (known.verified !== undefined)) return isVerified;
  return (finding.cost.planCost ?? 0) > (known.cost.planCost ?? 0);
}
