import type { IndexId } from "../planner/planner.ts";
import type { PlanFacts } from "./plan-memory.ts";
import type { WeightedPlanning } from "./search-query.ts";

/** One query under one set of indexes: the weighted mean over its plannings. */
export interface QueryCost {
  /** What the planner says of one call. */
  readonly cost: number;
  /** What the search believes of it: half the gain of an early stop is not counted. */
  readonly creditCost: number;
  readonly used: ReadonlySet<IndexId>;
  readonly hasHashAggregate: boolean;
  /** Its belief compares with what else was visible, so it says nothing of a smaller set. */
  readonly isEarlyStop: boolean;
}

/** Below this share two costs are the same: the planner itself drops paths within 1 % of one another. */
export const TIE_RATIO = 0.02;

/** The twin's hash aggregates spill at another size than a 64-bit server's: measured to differ by up to 4.8 %. */
const HASH_TIE_RATIO = 0.05;

/** Whether two costs of one query differ by no more than the planner's noise. */
export function isTie(before: QueryCost, after: QueryCost): boolean {
  const ratio = before.hasHashAggregate === after.hasHashAggregate ? TIE_RATIO : HASH_TIE_RATIO;
  return Math.abs(before.creditCost - after.creditCost) < ratio * before.creditCost;
}

/** @param planned - by position, what came of `plannings` */
export function meanCost(
  plannings: readonly WeightedPlanning[],
  planned: readonly PlanFacts[],
): QueryCost {
  let cost = 0;
  const used = new Set<IndexId>();
  for (const [position, facts] of planned.entries()) {
    cost += facts.cost * (plannings[position]?.weight ?? 0);
    for (const index of facts.used) used.add(index);
  }
  return {
    cost,
    creditCost: cost,
    used,
    hasHashAggregate: planned.some(({ hasHashAggregate }) => hasHashAggregate),
    isEarlyStop: false,
  };
}
