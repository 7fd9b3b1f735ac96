import { TIE_RATIO } from "../search/query-cost.ts";
import type { ChosenIndex } from "../search/settle.ts";
import type { AdvisedIndexesRequest } from "./advised-indexes.ts";

/**
 * What to say where a plan for all values would not use the index that plans for single values use.
 *
 * Drivers that name their prepared statements may be given such a plan after five runs.
 */
export async function genericCaution(
  chosen: ChosenIndex,
  { planner, plannable, result }: Pick<AdvisedIndexesRequest, "planner" | "plannable" | "result">,
): Promise<string | null> {
  const visible = new Set(
    planner
      .indexes()
      .filter(({ origin }) => origin === "existing")
      .map(({ id }) => id),
  );
  for (const { id } of result.chosen) visible.add(id);
  let missed = 0;
  for (const { statement, generic, plannings } of plannable) {
    if (!chosen.queries.includes(statement.id) || generic === null) continue;
    if (plannings[0]?.statement === generic) continue;
    const planned = await planner.plan(generic, visible);
    const custom = result.after.get(statement.id)?.cost ?? planned.cost;
    const isMuchDearer = planned.cost > custom * (1 + TIE_RATIO);
    if (isMuchDearer && !planned.usedIndexes.has(chosen.id)) missed += 1;
  }
  if (missed === 0) return null;
  const subject = missed === 1 ? "One of its queries uses" : `${missed} of its queries use`;
  return `${subject} it only in plans made for the values at hand: a driver with named prepared statements may get a plan for all values that does not (plan_cache_mode = force_custom_plan helps).`;
}
