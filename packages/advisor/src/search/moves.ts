import type { IndexId } from "../planner/planner.ts";
import type { SearchCandidate, SearchQuery } from "./search-query.ts";
import type { WhatIf } from "./what-if.ts";
import type { Workload, WorkloadState } from "./workload-state.ts";

/** Indexes that are added together: one candidate, or those that one plan uses side by side. */
export interface Move {
  readonly ids: readonly IndexId[];
  /** What it gains from the base on its own, in objective units. */
  readonly atomicGain: number;
}

/**
 * Moves that gain something worth having by themselves.
 *
 * Each query is planned with every candidate at once first: what that plan uses together (both sides of a join, a BitmapAnd)
 * becomes a move of its own, since each half alone may gain nothing.
 */
export async function findMoves(
  workload: Workload,
  whatIf: WhatIf,
  everything: WorkloadState,
  onStep: (done: number, total: number) => void,
): Promise<readonly Move[]> {
  const all = everything.chosen;
  const sets = new Map<string, readonly IndexId[]>();
  const addSet = (ids: readonly IndexId[]): void => {
    if (ids.length > 0) sets.set(ids.toSorted().join("\0"), ids);
  };
  for (const query of workload.queries) {
    for (const ids of await setsUsed(query, all, whatIf)) addSet(ids);
  }
  for (const id of usefulFirst([...workload.candidates.values()], everything)) addSet([id]);

  const moves: Move[] = [];
  let done = 0;
  for (const ids of sets.values()) {
    onStep((done += 1), sets.size);
    if (whatIf.isExhausted) break;
    const atomicGain = await atomicGainOf(ids, workload, whatIf);
    if (atomicGain > workload.negligibleGain) moves.push({ ids, atomicGain });
  }
  return moves;
}

/** Sets that one query's plan may use; the best one may not fit the budget. */
const MOST_SETS_PER_QUERY = 8;

/** What the query's plan uses of all candidates, then what it uses when each of those is missing, and so on. */
async function setsUsed(
  query: SearchQuery,
  all: ReadonlySet<IndexId>,
  whatIf: WhatIf,
): Promise<readonly (readonly IndexId[])[]> {
  const found: (readonly IndexId[])[] = [];
  const open: ReadonlySet<IndexId>[] = [all];
  for (const visible of open) {
    if (found.length >= MOST_SETS_PER_QUERY || whatIf.isExhausted) break;
    const { used } = await whatIf.cost(query, visible);
    const ids = [...used].filter((id) => visible.has(id));
    if (ids.length === 0) continue;
    found.push(ids);
    for (const missing of ids) {
      open.push(new Set([...visible].filter((id) => id !== missing)));
    }
  }
  return found;
}

/** Only the statements it was proposed for are asked: others may gain too, which the greedy steps see. */
async function atomicGainOf(
  ids: readonly IndexId[],
  workload: Workload,
  whatIf: WhatIf,
): Promise<number> {
  const chosen = new Set(ids);
  const statements = new Set<string>();
  for (const id of ids) {
    for (const statement of workload.candidates.get(id)?.statements ?? [])
      statements.add(statement);
  }
  const costs = new Map(workload.base.costs);
  for (const query of workload.queries) {
    if (statements.has(query.id)) costs.set(query.id, await whatIf.cost(query, chosen));
  }
  return workload.base.objective - workload.stateOf(chosen, costs).objective;
}

/** When the plans run out, those that a plan chose among all have been tried. */
function usefulFirst(
  candidates: readonly SearchCandidate[],
  everything: WorkloadState,
): readonly IndexId[] {
  const used = new Set<IndexId>();
  for (const cost of everything.costs.values()) for (const id of cost.used) used.add(id);
  const ids = candidates.map(({ id }) => id);
  return [...ids.filter((id) => used.has(id)), ...ids.filter((id) => !used.has(id))];
}
