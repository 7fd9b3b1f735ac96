import { type Finding, thresholdOf } from "@upshift/findings";
import { analyzePlan } from "./analyze-plan.ts";
import type { PlanAnalysis } from "./analyze/plan-analysis.ts";
import { mergeAlike } from "./finding/merge-alike.ts";
import type { Plan } from "./plan.ts";
import type { TableRows } from "./plan-rule.ts";
import { planRules } from "./plan-rules.ts";

export interface DiagnosePlanOptions {
  /** Of this plan, where the caller has it already. */
  readonly analysis?: PlanAnalysis;
  /** Keeps literals in evidence texts. Default is `false`. Queries, keys and probes never have them. */
  readonly withValues?: boolean;
  /** Row counts, where the caller knows the database; without them a plan without ANALYZE is judged by its costs. */
  readonly tableRows?: TableRows;
}

/**
 * The slow forms that a plan shows, the dearest first.
 *
 * Works without ANALYZE too, from estimates, with less confidence. Scans of partitions of one table are one finding.
 */
export function diagnosePlan(plan: Plan, options: DiagnosePlanOptions = {}): readonly Finding[] {
  const analysis = options.analysis ?? analyzePlan(plan);
  const findings = planRules.flatMap((rule) =>
    rule.find({
      plan,
      analysis,
      withValues: options.withValues ?? false,
      tableRows: options.tableRows ?? (() => null),
      threshold: (name) => thresholdOf(rule.id, name),
    }),
  );
  return mergeAlike(plan, findings).toSorted((a, b) => weight(b) - weight(a));
}

/** Severity first, then what the fix would save. */
function weight(finding: Finding): number {
  const saving = finding.saving.ms ?? finding.saving.planCost ?? 0;
  return SEVERITY_WEIGHT[finding.severity] + saving / (saving + 1);
}

const SEVERITY_WEIGHT: Readonly<Record<Finding["severity"], number>> = {
  error: 4,
  warn: 2,
  info: 0,
};
