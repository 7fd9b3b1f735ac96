import type { Finding } from "../finding.ts";
import { rankFindings } from "../ranking.ts";
import { neutralise } from "./neutralise.ts";
import { safeSql } from "./safe-sql.ts";
import { sqlTokens } from "./sql-tokens.ts";

export { withoutLiterals } from "./without-literals.ts";

export interface SqlScriptOptions {
  /** What the script is for: "store on db.example.com". Shown in its first comment. */
  readonly subject: string;
}

/**
 * Every fix that is SQL as one script for `psql -f`, ranked, each statement once.
 *
 * No transaction around it: `CONCURRENTLY` refuses one. Comments tell what each statement is for. What undoes it, and
 * every fix that is only a hint, stands as comments, so that running the file does only what was verified.
 */
export function sqlScript(findings: readonly Finding[], options: SqlScriptOptions): string {
  const steps = stepsOf(findings);
  const verified = steps.filter((step) => !step.isHint);
  const hints = steps.filter((step) => step.isHint);
  const undo = steps.toReversed().flatMap((step) => (step.undo === null ? [] : [step]));
  const blocks = [
    headerOf(options.subject, verified.length, hints.length),
    ...verified.map((step) => `${commentsOf(step)}\n${terminated(step.sql)}`),
    ...section(
      "Hints: not verified. Read them, then take the comment marks away.",
      hints,
      (step) => `${commentsOf(step)}\n${commented(terminated(step.sql))}`,
    ),
    ...section("Undo: takes back what is above, the last first.", undo, (step) =>
      commented(terminated(step.undo ?? "")),
    ),
  ];
  return `${blocks.join("\n\n")}\n`;
}

interface Step {
  readonly sql: string;
  readonly undo: string | null;
  readonly isHint: boolean;
  readonly findings: readonly Finding[];
}

/** One step per statement: several findings may ask for the same index. Hints never lend their doubt to a proven one. */
function stepsOf(findings: readonly Finding[]): readonly Step[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of rankFindings(findings)) {
    if (finding.fix.sql === undefined || finding.fix.sql.trim() === "") continue;
    const key = normalised(finding.fix.sql);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  return Array.from(groups.values(), (group) => ({
    sql: group[0]?.fix.sql ?? "",
    undo: group.find(({ fix }) => fix.undo !== undefined)?.fix.undo ?? null,
    isHint: group.every(({ confidence }) => confidence === "hint"),
    findings: group,
  }));
}

function normalised(sql: string): string {
  return sqlTokens(sql.trim().replace(/;\s*$/, ""))
    .map(({ kind, text }) => (kind === "space" ? " " : text))
    .join("");
}

function headerOf(subject: string, statements: number, hints: number): string {
  return [
    `-- Upshift: ${statements === 0 ? "no verified fix" : `fixes`} for ${neutralise(subject)}`,
    `-- ${statements} to run, ${hints} as a hint. Run with: psql -v ON_ERROR_STOP=1 -f FILE`,
    "-- Not in a transaction (psql -1): CREATE INDEX CONCURRENTLY and DROP INDEX CONCURRENTLY refuse one.",
    "-- A build that was interrupted leaves an invalid index behind: drop it before you run this again.",
  ].join("\n");
}

function commentsOf(step: Step): string {
  const lines = step.findings.flatMap(({ rule, severity, confidence, title, fix }) => [
    `${severity}, ${confidence}: ${title} [${rule}]`,
    ...(fix.caution === undefined ? [] : [`Mind: ${fix.caution}`]),
  ]);
  return [...new Set(lines)].map((line) => `-- ${neutralise(line)}`).join("\n");
}

function section(
  title: string,
  steps: readonly Step[],
  render: (step: Step) => string,
): readonly string[] {
  return steps.length === 0 ? [] : [`-- ${title}`, ...steps.map(render)];
}

function terminated(sql: string): string {
  const text = safeSql(sql).trim();
  const last = sqlTokens(text).findLast(({ kind }) => kind !== "space" && kind !== "comment");
  if (last?.text === ";") return text;
  // After a line comment a semicolon would be part of it.
  return text.split("\n").at(-1)?.includes("--") === true ? `${text}\n;` : `${text};`;
}

function commented(sql: string): string {
  return sql
    .split("\n")
    .map((line) => `-- ${line}`.trimEnd())
    .join("\n");
}
