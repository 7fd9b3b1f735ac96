import type { IndexId } from "../planner/planner.ts";
import { fillGreedily, type GreedyRequest, SCORES, withMove } from "./greedy.ts";
import type { WorkloadState } from "./workload-state.ts";

/** Everything a choice rests on but its start. */
export type ImproveRequest = Omit<GreedyRequest, "score" | "start" | "forbidden">;

/** The best of the three scores, filled up from one start; where the budget does not bind, the gain alone decides. */
export async function fillBest(
  request: ImproveRequest,
  start: WorkloadState,
  forbidden: ReadonlySet<IndexId> = new Set(),
): Promise<WorkloadState> {
  let best: WorkloadState | null = null;
  for (const score of SCORES) {
    if (best !== null && forbidden.size > 0 && hasRoom(request, best)) break;
    const state = await fillGreedily({ ...request, score, start, forbidden });
    if (best === null || isBetter(state, best)) best = state;
  }
  return best ?? start;
}

/** Whether any further move would still fit. */
function hasRoom({ workload, moves, budgetBytes }: ImproveRequest, state: WorkloadState): boolean {
  const largest = Math.max(0, ...moves.map(({ ids }) => workload.sizeOf(new Set(ids))));
  return state.sizeBytes + largest <= budgetBytes;
}

/** Pairs are ruined up to this many chosen indexes: 28 pairs, each filled up three times from remembered costs. */
const MOST_FOR_PAIRS = 8;

/**
 * Takes one chosen index (then two) away, forbids them and fills up again, as long as that helps; then exchanges single ones.
 *
 * Repairs what a greedy start cannot: a large index that was taken first and kept two smaller ones out.
 */
export async function improve(
  request: ImproveRequest,
  start: WorkloadState,
): Promise<WorkloadState> {
  let best = start;
  for (;;) {
    const better =
      (await ruinAndRecreate(request, best, singles(best.chosen))) ??
      (await exchange(request, best)) ??
      (best.chosen.size <= MOST_FOR_PAIRS
        ? await ruinAndRecreate(request, best, pairs(best.chosen))
        : null);
    if (better === null) return best;
    best = better;
  }
}

async function ruinAndRecreate(
  request: ImproveRequest,
  best: WorkloadState,
  ruins: Iterable<ReadonlySet<IndexId>>,
): Promise<WorkloadState | null> {
  for (const ruin of ruins) {
    if (request.whatIf.isExhausted) return null;
    const rest = new Set([...best.chosen].filter((id) => !ruin.has(id)));
    const remaining = await request.workload.moveTo(best, rest);
    const refilled = await fillBest(request, remaining, ruin);
    if (isBetter(refilled, best)) return refilled;
  }
  return null;
}

function* singles(chosen: ReadonlySet<IndexId>): Generator<ReadonlySet<IndexId>> {
  for (const id of chosen) yield new Set([id]);
}

function* pairs(chosen: ReadonlySet<IndexId>): Generator<ReadonlySet<IndexId>> {
  const ids = [...chosen];
  for (const [position, first] of ids.entries()) {
    for (const second of ids.slice(position + 1)) yield new Set([first, second]);
  }
}

/** One chosen index against one move; `null` when none helps. */
async function exchange(
  request: ImproveRequest,
  best: WorkloadState,
): Promise<WorkloadState | null> {
  const { workload, whatIf, moves, budgetBytes } = request;
  for (const leaving of best.chosen) {
    const rest = new Set([...best.chosen].filter((id) => id !== leaving));
    const loss = (await workload.moveTo(best, rest)).objective - best.objective;
    for (const move of moves) {
      if (whatIf.isExhausted) return null;
      // What a move gains on its own it seldom exceeds in company.
      if (move.atomicGain < loss || move.ids.some((id) => best.chosen.has(id))) continue;
      const chosen = withMove(workload, rest, move) ?? rest;
      if (workload.sizeOf(chosen) > budgetBytes) continue;
      const state = await workload.moveTo(best, chosen);
      if (isBetter(state, best)) return state;
    }
  }
  return null;
}

/** Equal objectives prefer the smaller set: what it leaves out is written nowhere. */
function isBetter(state: WorkloadState, best: WorkloadState): boolean {
  const margin = best.objective * 1e-9;
  if (state.objective < best.objective - margin) return true;
  return state.objective <= best.objective + margin && state.sizeBytes < best.sizeBytes;
}
