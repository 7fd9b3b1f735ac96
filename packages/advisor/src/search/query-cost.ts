import type { IndexId, PlannedStatement } from "../planner/planner.ts";

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
export const HASH_TIE_RATIO = 0.05;

/** Whether two costs of one query differ by no more than the planner's noise. */
export function isTie(before: QueryCost, after: QueryCost): boolean {
  const ratio = before.hasHashAggregate === after.hasHashAggregate ? TIE_RATIO : HASH_TIE_RATIO;
  return Math.abs(before.creditCost - after.creditCost) < ratio * before.creditCost;
}

export function meanCost(
  planned: readonly { readonly result: PlannedStatement; readonly weight: number }[],
): QueryCost {
  let cost = 0;
  const used = new Set<IndexId>();
  for (const { result, weight } of planned) {
    cost += result.cost * weight;
    for (const index of result.usedIndexes) {
      // What the version rule took away earns nothing.
      if (!result.refusedIndexes.has(index)) used.add(index);
    }
  }
  return {
    cost,
    creditCost: cost,
    used,
    hasHashAggregate: planned.some(({ result }) => usesHashAggregate(result)),
    isEarlyStop: false,
  };
}

function usesHashAggregate({ plan }: PlannedStatement): boolean {
  return plan.nodes.some(
    ({ type, strategy }) =>
      type === "HashAggregate" ||
      (type === "Aggregate" && (strategy === "Hashed" || strategy === "Mixed")),
  );
}
