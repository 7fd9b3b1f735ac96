import type { IndexId } from "../planner/planner.ts";
import type { SearchQuery, WeightedPlanning } from "./search-query.ts";
import type { WhatIf } from "./what-if.ts";

/** Values whose plans cost this much the same, with no index and with all of them, stand for one another. */
const ALIKE_RATIO = 0.1;

/**
 * The queries with fewer plannings: of values that cost alike with today's indexes and with every candidate, one is
 * planned for all. For choosing only; what is claimed is planned with all values.
 */
export function condense(
  queries: readonly SearchQuery[],
  candidates: ReadonlySet<IndexId>,
  whatIf: WhatIf,
): Promise<readonly SearchQuery[]> {
  return Promise.all(
    queries.map(async (query) => {
      const today = await whatIf.planningCosts(query, new Set());
      const best = await whatIf.planningCosts(query, candidates);
      const groups: { planning: WeightedPlanning; weight: number; costs: readonly number[] }[] = [];
      for (const [position, planning] of query.plannings.entries()) {
        const costs = [today[position] ?? 0, best[position] ?? 0];
        const group = groups.find((other) => areAlike(other.costs, costs));
        if (group === undefined) groups.push({ planning, weight: planning.weight, costs });
        else group.weight += planning.weight;
      }
      const plannings = groups.map(({ planning: { statement }, weight }) => ({
        statement,
        weight,
      }));
      return { ...query, plannings };
    }),
  );
}

function areAlike(left: readonly number[], right: readonly number[]): boolean {
  return left.every((cost, position) => {
    const other = right[position] ?? 0;
    return Math.abs(cost - other) <= ALIKE_RATIO * Math.max(cost, other);
  });
}
