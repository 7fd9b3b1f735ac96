import type { Plan } from "@upshift/plan";
import type { IndexId } from "../../planner/planner.ts";
import { type IndexRegistry, tableOf } from "../candidates/index-registry.ts";
import { conditionKeys, type KeyUse } from "./condition-keys.ts";

/** First version whose B-trees can skip over leading keys. */
export const SKIP_SCAN_SINCE = 180_000;

/**
 * Indexes of a plan whose cost may rest on a skip scan: a key is restricted while one before it has no equality.
 *
 * Some of them would be used without skip scan just the same, at their true cost; that is for the caller to find out.
 *
 * @param keysOf - texts of the keys; `undefined` for what cannot skip
 */
export function skippingIndexes(
  plan: Plan,
  registry: IndexRegistry,
  keysOf: (id: IndexId) => readonly string[] | undefined,
): ReadonlySet<IndexId> {
  const skipping = new Set<IndexId>();
  for (const node of plan.nodes) {
    if (node.index === null || node.indexCond === null) continue;
    const id = registry.owner(plan, node);
    const keys = id === null ? undefined : keysOf(id);
    if (id === null || keys === undefined || keys.length < 2) continue;
    const table = tableOf(plan, node);
    const uses = conditionKeys(node.indexCond, keys, table.alias ?? table.relation);
    if (needsSkip(uses)) skipping.add(id);
  }
  return skipping;
}

function needsSkip(uses: ReadonlyMap<number, KeyUse>): boolean {
  const last = Math.max(-1, ...uses.keys());
  for (let position = 0; position < last; position += 1) {
    if (uses.get(position) !== "equality") return true;
  }
  return false;
}
