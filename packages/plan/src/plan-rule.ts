import type { Finding, RuleId } from "@upshift/findings";
import type { PlanAnalysis } from "./analyze/plan-analysis.ts";
import type { Plan } from "./plan.ts";

/** A slow form that a plan shows. One file in `rules/` per rule, all of this shape; `plan-rules.ts` lists them. */
export interface PlanRule {
  readonly id: PlanFindingRuleId;
  readonly find: (context: PlanRuleContext) => readonly Finding[];
}

/** @param schema - `null` where the plan does not print it */
export type TableRows = (table: {
  readonly schema: string | null;
  readonly name: string;
}) => number | null;

/** Rules that a plan alone can find. */
export type PlanFindingRuleId = Extract<RuleId, `plan/${string}` | "sql/offset">;

export interface PlanRuleContext {
  readonly plan: Plan;
  readonly analysis: PlanAnalysis;
  /** True when literals may stay in texts. */
  readonly withValues: boolean;
  /** How many rows a table has; `null` where that is not known. */
  readonly tableRows: TableRows;
  /** A threshold of the rule that asks, by its name in the catalogue. */
  readonly threshold: (name: string) => number;
}
