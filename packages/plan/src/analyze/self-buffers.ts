import type { Buffers, Plan } from "../plan.ts";
import { type Payers, runsOnAfterRoot } from "./payers.ts";
import { selfAmounts } from "./self-amounts.ts";

/** Pages that each node touched itself, by node id; `null` where the plan has no buffers. Counts are totals, never per loop. */
export function selfBuffers(plan: Plan, payers: Payers): readonly (Buffers | null)[] {
  if (plan.root.buffers === null) return plan.nodes.map(() => null);
  const of = (counter: keyof Buffers): readonly number[] =>
    selfAmounts({
      amounts: plan.nodes.map((node) => node.buffers?.[counter] ?? 0),
      payers,
      mayRunOutside: (id) => runsOnAfterRoot(plan.nodes[id]),
    }).self.map((pages) => Math.round(pages));
  const counters = {
    sharedHit: of("sharedHit"),
    sharedRead: of("sharedRead"),
    sharedDirtied: of("sharedDirtied"),
    sharedWritten: of("sharedWritten"),
    localHit: of("localHit"),
    localRead: of("localRead"),
    localDirtied: of("localDirtied"),
    localWritten: of("localWritten"),
    tempRead: of("tempRead"),
    tempWritten: of("tempWritten"),
  };
  const at = (counter: keyof Buffers, id: number): number => counters[counter][id] ?? 0;
  return plan.nodes.map(({ id }) => ({
    sharedHit: at("sharedHit", id),
    sharedRead: at("sharedRead", id),
    sharedDirtied: at("sharedDirtied", id),
    sharedWritten: at("sharedWritten", id),
    localHit: at("localHit", id),
    localRead: at("localRead", id),
    localDirtied: at("localDirtied", id),
    localWritten: at("localWritten", id),
    tempRead: at("tempRead", id),
    tempWritten: at("tempWritten", id),
  }));
}
