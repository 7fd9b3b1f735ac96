import type { Finding } from "../finding.ts";
import { neutralise } from "./neutralise.ts";
import { safeSql } from "./safe-sql.ts";
import { type ScriptStep, scriptSteps } from "./script-steps.ts";

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
  const steps = scriptSteps(findings);
  const verified = steps.filter((step) => !step.isHint);
  const hints = steps.filter((step) => step.isHint);
  const undo = steps.toReversed().filter((step) => step.undo.length > 0);
  const blocks = [
    headerOf(options.subject, verified.length, hints.length),
    ...verified.map((step) => `${commentsOf(step)}\n${terminated(step.statements)}`),
    ...section(
      "Hints: not verified. Read them, then take the comment marks away.",
      hints,
      (step) => `${commentsOf(step)}\n${commented(terminated(step.statements))}`,
    ),
    ...section("Undo: takes back what is above, the last first.", undo, (step) =>
      commented(terminated(step.undo)),
    ),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function headerOf(subject: string, statements: number, hints: number): string {
  return [
    `-- Upshift: ${statements === 0 ? "no verified fix" : `fixes`} for ${neutralise(subject)}`,
    `-- ${statements} to run, ${hints} as a hint. Run with: psql -v ON_ERROR_STOP=1 -f FILE`,
    "-- Not in a transaction (psql -1): CREATE INDEX CONCURRENTLY and DROP INDEX CONCURRENTLY refuse one.",
    "-- A build that was interrupted leaves an invalid index behind: drop it before you run this again.",
  ].join("\n");
}

function commentsOf(step: ScriptStep): string {
  const lines = step.findings.flatMap(({ rule, severity, confidence, title, fix }) => [
    `${severity}, ${confidence}: ${title} [${rule}]`,
    ...(fix.caution === undefined ? [] : [`Mind: ${fix.caution}`]),
  ]);
  return [...new Set(lines)].map((line) => `-- ${neutralise(line)}`).join("\n");
}

function section(
  title: string,
  steps: readonly ScriptStep[],
  render: (step: ScriptStep) => string,
): readonly string[] {
  return steps.length === 0 ? [] : [`-- ${title}`, ...steps.map(render)];
}

function terminated(statements: readonly string[]): string {
  return statements
    .map((statement) => {
      const text = safeSql(statement).trim();
      // After a line comment a semicolon would be part of it.
      const endsInComment = text.split("\n").at(-1)?.includes("--") === true;
      return endsInComment ? `${text}\n;` : `${text};`;
    })
    .join("\n");
}

function commented(sql: string): string {
  return sql
    .split("\n")
    .map((line) => `-- ${line}`.trimEnd())
    .join("\n");
}
