import type { IndexId } from "../planner/planner.ts";
import type { Move } from "./moves.ts";
import type { WhatIf } from "./what-if.ts";
import type { Workload, WorkloadState } from "./workload-state.ts";

/** What a step is worth, by what it gains and what it takes. */
export type Score = (gain: number, addedBytes: number) => number;

/**
 * Three, because each is best somewhere: gain per byte under a small budget, the gain itself under a large one.
 * Measured on published cost tables: the best of three reaches the optimum in most budgets, any one alone is up to 24 % off.
 */
export const SCORES: readonly Score[] = [
  (gain, addedBytes) => gain / Math.max(addedBytes, 1),
  (gain) => gain,
  (gain, addedBytes) => gain / Math.sqrt(Math.max(addedBytes, 1)),
];

export interface GreedyRequest {
  readonly workload: Workload;
  readonly whatIf: WhatIf;
  readonly moves: readonly Move[];
  readonly budgetBytes: number;
  readonly score: Score;
  readonly start: WorkloadState;
  readonly forbidden: ReadonlySet<IndexId>;
}

interface Rated {
  readonly move: Move;
  /** Score of the last evaluation; earlier states make it too high, seldom too low. */
  score: number;
  /** How many indexes had been chosen when it was evaluated. */
  round: number;
}

/**
 * Adds the best move again and again until none fits or gains.
 *
 * Lazy: gains shrink as indexes are added, so a move is evaluated again only when its old score would win.
 */
export async function fillGreedily(request: GreedyRequest): Promise<WorkloadState> {
  const { workload, whatIf, moves, score, forbidden } = request;
  let state = request.start;
  let round = 0;
  const open: Rated[] = moves
    .filter(({ ids }) => ids.every((id) => !forbidden.has(id)))
    .map((move) => ({
      move,
      score: score(move.atomicGain, workload.sizeOf(new Set(move.ids))),
      round: -1,
    }));

  while (open.length > 0 && !whatIf.isExhausted) {
    const best = takeBest(open);
    if (best === undefined || best.score <= 0) break;
    const next = await step(state, best.move, request);
    if (next === null) continue;
    const gain = state.objective - next.objective;
    const rated =
      gain > workload.negligibleGain ? score(gain, next.sizeBytes - state.sizeBytes) : 0;
    if (rated <= 0) continue;
    if (best.round === round || open.every((other) => other.score <= rated)) {
      state = next;
      round += 1;
    } else {
      open.push({ move: best.move, score: rated, round });
    }
  }
  return state;
}

/**
 * The state after a move; `null` when it does not fit or adds nothing.
 *
 * An index never stands beside one that it extends: the narrow one would be reported as redundant tomorrow.
 */
async function step(
  state: WorkloadState,
  move: Move,
  { workload, budgetBytes }: GreedyRequest,
): Promise<WorkloadState | null> {
  const chosen = withMove(workload, state.chosen, move);
  if (chosen === null || workload.sizeOf(chosen) > budgetBytes) return null;
  return workload.moveTo(state, chosen);
}

/** The set with a move's indexes in and what they extend out; `null` when all of them are served already. */
export function withMove(
  workload: Workload,
  chosen: ReadonlySet<IndexId>,
  move: Move,
): ReadonlySet<IndexId> | null {
  const next = new Set(chosen);
  for (const id of move.ids) next.add(id);
  const extended = new Set<IndexId>();
  for (const id of next) {
    for (const start of workload.candidates.get(id)?.extends ?? []) extended.add(start);
  }
  for (const id of extended) next.delete(id);
  const isSame = next.size === chosen.size && [...next].every((id) => chosen.has(id));
  return isSame ? null : next;
}

function takeBest(open: Rated[]): Rated | undefined {
  let position = 0;
  for (let index = 1; index < open.length; index += 1) {
    if ((open[index]?.score ?? 0) > (open[position]?.score ?? 0)) position = index;
  }
  return open.splice(position, 1)[0];
}
