import type { Finding } from "../finding.ts";
import { rankFindings } from "../ranking.ts";
import { sqlStatements, statementKey } from "./sql-statements.ts";

/** A fix of a script: what it runs that no step before it runs. */
export interface ScriptStep {
  readonly statements: readonly string[];
  readonly undo: readonly string[];
  readonly isHint: boolean;
  /** Every finding that asks for it. */
  readonly findings: readonly Finding[];
}

/**
 * Steps of a script, verified ones first, each in the order of ranking. No statement stands in two steps: the findings that
 * ask for it share the first. A hint never lends its doubt to what another finding has proven.
 */
export function scriptSteps(findings: readonly Finding[]): readonly ScriptStep[] {
  const ranked = rankFindings(findings);
  const steps: { statements: string[]; undo: string[]; isHint: boolean; findings: Finding[] }[] =
    [];
  const stepByStatement = new Map<string, (typeof steps)[number]>();
  const undone = new Set<string>();
  for (const isHint of [false, true]) {
    for (const finding of ranked.filter(({ confidence }) => (confidence === "hint") === isHint)) {
      const wanted = sqlStatements(finding.fix.sql ?? "");
      const step = {
        statements: [] as string[],
        undo: [] as string[],
        isHint,
        findings: [finding],
      };
      for (const statement of wanted) {
        const key = statementKey(statement);
        if (stepByStatement.has(key)) continue;
        stepByStatement.set(key, step);
        step.statements.push(statement);
      }
      if (wanted.length === 0) continue;
      for (const statement of sqlStatements(finding.fix.undo ?? "")) {
        if (undone.has(statementKey(statement))) continue;
        undone.add(statementKey(statement));
        step.undo.push(statement);
      }
      if (step.statements.length > 0) steps.push(step);
      else stepByStatement.get(statementKey(wanted[0] ?? ""))?.findings.push(finding);
    }
  }
  return steps;
}
