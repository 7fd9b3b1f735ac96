import type { IndexId } from "../planner/planner.ts";
import { isTie, type QueryCost } from "./query-cost.ts";
import type { Workload, WorkloadState } from "./workload-state.ts";

/** A chosen index and what is lost without it. */
export interface ChosenIndex {
  readonly id: IndexId;
  /** `1 - with/without` over the workload, all other chosen indexes in place. */
  readonly gainRatio: number;
  /** The same for the query that gains most. */
  readonly bestQueryGainRatio: number;
  /** Some query gains as much by it as an index must, in cost units per call. */
  readonly gainsEnough: boolean;
  /** Queries whose plan uses it. */
  readonly queries: readonly string[];
}

export interface Settled {
  readonly state: WorkloadState;
  readonly chosen: readonly ChosenIndex[];
  /** Left out because they gain too little, though some plan uses them. */
  readonly tooWeak: readonly IndexId[];
}

/**
 * Re-plans all queries under the chosen set, drops what no plan uses and what gains too little, and says what each of the
 * rest is worth.
 */
export async function settle(workload: Workload, found: WorkloadState): Promise<Settled> {
  const tooWeak: IndexId[] = [];
  let state = await workload.moveTo(found, found.chosen, { isExact: true });
  for (;;) {
    const unused = [...state.chosen].filter((id) => queriesUsing(id, state).length === 0);
    if (unused.length > 0) {
      state = await moveWithout(workload, state, unused);
      continue;
    }
    const chosen = await leaveOneOut(workload, state);
    const weakest = chosen
      .filter((index) => isTooWeak(index, workload, state))
      .toSorted((a, b) => a.gainRatio - b.gainRatio)[0];
    if (weakest === undefined) return { state, chosen, tooWeak };
    tooWeak.push(weakest.id);
    state = await moveWithout(workload, state, [weakest.id]);
  }
}

function isTooWeak(
  { id, gainRatio, bestQueryGainRatio, gainsEnough }: ChosenIndex,
  workload: Workload,
  { objective }: WorkloadState,
): boolean {
  const gain = objective / (1 - gainRatio) - objective;
  return (
    gain <= workload.negligibleGain ||
    bestQueryGainRatio < (workload.candidates.get(id)?.minGainRatio ?? 0) ||
    !gainsEnough
  );
}

async function leaveOneOut(
  workload: Workload,
  state: WorkloadState,
): Promise<readonly ChosenIndex[]> {
  const chosen: ChosenIndex[] = [];
  for (const id of state.chosen) {
    const without = await moveWithout(workload, state, [id]);
    let bestQueryGainRatio = 0;
    let gainsEnough = false;
    for (const [query, before] of without.costs) {
      const after = state.costs.get(query);
      if (after === undefined || isTie(before, after)) continue;
      const gain = before.creditCost - after.creditCost;
      bestQueryGainRatio = Math.max(bestQueryGainRatio, gain / before.creditCost);
      gainsEnough ||= gain >= neededGain(id, before, workload);
    }
    chosen.push({
      id,
      gainRatio: without.objective > 0 ? 1 - state.objective / without.objective : 0,
      bestQueryGainRatio,
      gainsEnough,
      queries: queriesUsing(id, state),
    });
  }
  return chosen;
}

/** More where another index, chosen or existing, serves the query without this one: one more for a few pages is one too many. */
function neededGain(id: IndexId, without: QueryCost, workload: Workload): number {
  const candidate = workload.candidates.get(id);
  if (candidate === undefined) return 0;
  const isServed = [...without.used].some((other) => workload.tableOf(other) === candidate.table);
  return isServed ? candidate.minStepCost : candidate.minGainCost;
}

async function moveWithout(
  workload: Workload,
  state: WorkloadState,
  ids: readonly IndexId[],
): Promise<WorkloadState> {
  const chosen = new Set([...state.chosen].filter((id) => !ids.includes(id)));
  // A plan that does not use what goes stays the best there is: only the others are made again.
  return workload.moveTo(state, chosen);
}

function queriesUsing(id: IndexId, state: WorkloadState): readonly string[] {
  return [...state.costs].filter(([, cost]) => cost.used.has(id)).map(([query]) => query);
}
