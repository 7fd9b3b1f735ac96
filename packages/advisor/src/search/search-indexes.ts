import type { IndexId, Planner } from "../planner/planner.ts";
import type { OnProgress } from "../progress.ts";
import { condense } from "./condense.ts";
import { fillBest, improve, type ImproveRequest } from "./improve.ts";
import { findMoves } from "./moves.ts";
import type { QueryCost } from "./query-cost.ts";
import { type SearchCandidate, type SearchQuery, tableKey } from "./search-query.ts";
import { type ChosenIndex, settle, type Settled } from "./settle.ts";
import { simplify } from "./simplify.ts";
import { WhatIf } from "./what-if.ts";
import { Workload, type WorkloadState } from "./workload-state.ts";

/** About 20 s of EXPLAIN in the twin. */
const DEFAULT_MAX_PLANS = 10_000;

export interface SearchIndexesOptions {
  readonly planner: Planner;
  readonly queries: readonly SearchQuery[];
  readonly candidates: readonly SearchCandidate[];
  /** What all chosen indexes together may take. */
  readonly budgetBytes: number;
  /** Shared with what is asked after the search, so that nothing is planned twice. */
  readonly whatIf?: WhatIf;
  /** Plans after which the search goes on with the best it has; default 10,000. */
  readonly maxPlans?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

export interface SearchResult {
  readonly chosen: readonly ChosenIndex[];
  /** By query: with today's indexes, and with the chosen ones added. Every query was planned for both. */
  readonly before: ReadonlyMap<string, QueryCost>;
  readonly after: ReadonlyMap<string, QueryCost>;
  /** Sum of calls x cost. */
  readonly costBefore: number;
  readonly costAfter: number;
  /** Workload cost if every candidate existed and cost nothing: no choice among them is cheaper. */
  readonly lowerBound: number;
  /** Plans that were made. */
  readonly plans: number;
  /** False when `maxPlans` ended the search early. */
  readonly isComplete: boolean;
}

/**
 * Chooses the indexes that make the whole workload cheapest within a storage budget.
 *
 * Atomic what-ifs, greedy under three scores with width extension, ruin and recreate, exchanges; then all queries are
 * planned again under the chosen set, and an index that no plan uses or that gains too little is left out. Deterministic.
 *
 * @throws the planner's errors, and the signal's reason
 */
export async function searchIndexes(options: SearchIndexesOptions): Promise<SearchResult> {
  const { queries, candidates, onProgress } = options;
  const fitting = candidates.filter(({ sizeBytes }) => sizeBytes <= options.budgetBytes);
  const whatIf = options.whatIf ?? createWhatIf(options);
  const report = (done: number, total: number | null, label: string): void => {
    onProgress?.({ stage: "search", done, total, label });
  };

  report(0, null, "planning the workload as it is");
  const workload = await Workload.create(queries, fitting, whatIf);
  const all = new Set(workload.candidates.keys());
  const everything = await workload.moveTo(workload.base, all);
  workload.boundBy(everything);
  const coarse = await Workload.create(await condense(queries, all, whatIf), fitting, whatIf);
  const coarseEverything = await coarse.moveTo(coarse.base, all);
  coarse.boundBy(coarseEverything);
  const moves = await findMoves(coarse, whatIf, coarseEverything, (done, total) => {
    report(done, total, "trying indexes one by one");
  });
  report(0, null, "choosing among them");
  const { state, chosen } = await chooseAndSettle(
    { workload: coarse, whatIf, moves, budgetBytes: options.budgetBytes },
    workload,
    () =>
      onProgress?.({ stage: "verify", done: 0, total: null, label: "planning every query again" }),
  );
  const total = (costs: ReadonlyMap<string, QueryCost>): number =>
    queries.reduce((sum, { id, calls }) => sum + calls * (costs.get(id)?.cost ?? 0), 0);
  const before = workload.base.costs;
  return {
    chosen,
    before,
    after: state.costs,
    costBefore: total(before),
    costAfter: total(state.costs),
    lowerBound: total(everything.costs),
    plans: whatIf.plans,
    isComplete: !whatIf.isExhausted,
  };
}

/** Choices that lost an index at the end are filled up again without it, this many times. */
const MOST_REFILLS = 3;

/**
 * The best choice that stands: what an index that was too weak in the end kept out gets its turn.
 *
 * @param fine - the same workload with all its parameter values: choices are made without, and stand or fall with it
 */
async function chooseAndSettle(
  request: ImproveRequest,
  fine: Workload,
  onVerify: () => void,
): Promise<Settled> {
  const { workload, whatIf } = request;
  const settled = async (
    state: WorkloadState,
    forbidden: ReadonlySet<IndexId>,
  ): Promise<Settled & { readonly out: ReadonlySet<IndexId> }> => {
    // What a simpler one outdid does not come back because that one gains too little itself.
    const outdone = new Set<IndexId>();
    const simple = await simplify(workload, whatIf, state, forbidden, outdone);
    onVerify();
    const result = await settle(fine, simple);
    return { ...result, out: new Set([...outdone, ...result.tooWeak]) };
  };
  const without = (out: ReadonlySet<IndexId>): ImproveRequest => ({
    ...request,
    moves: request.moves.filter(({ ids }) => ids.every((id) => !out.has(id))),
  });
  const first = await fillBest(request, workload.base);
  let best = await settled(await improve(request, first), new Set());
  let latest = best;
  const out = new Set(best.out);
  const weak = new Set(best.tooWeak);
  for (let refill = 0; refill < MOST_REFILLS && latest.tooWeak.length > 0; refill += 1) {
    if (whatIf.isExhausted) break;
    const kept = refill === 0 ? new Set<IndexId>() : latest.state.chosen;
    const start = await workload.moveTo(workload.base, kept);
    const filled = await fillBest(without(out), start);
    latest = await settled(await improve(without(out), filled), weak);
    for (const id of latest.out) out.add(id);
    for (const id of latest.tooWeak) weak.add(id);
    if (latest.state.objective < best.state.objective) best = latest;
  }
  // Simpler indexes leave room for others: a later run must not find what this one could have. What was out beside
  // other choices gets its turn beside these.
  const outBeside = new Set(best.out);
  for (let round = 0; round < MOST_REFILLS && !whatIf.isExhausted; round += 1) {
    const start = await workload.moveTo(workload.base, best.state.chosen);
    const filled = await fillBest(without(outBeside), start);
    if (filled.objective >= start.objective) break;
    const topped = await settled(filled, new Set(best.tooWeak));
    for (const id of topped.out) outBeside.add(id);
    if (topped.state.objective < best.state.objective) best = topped;
  }
  return best;
}

/** The costs of a planner under these candidates; hand it to several searches over the same queries to share them. */
export function createWhatIf(
  options: Pick<SearchIndexesOptions, "planner" | "candidates" | "maxPlans" | "signal">,
): WhatIf {
  return new WhatIf({
    planner: options.planner,
    existing: options.planner
      .indexes()
      .filter(({ origin }) => origin === "existing")
      .map(({ id, schema, table }) => ({ id, table: tableKey({ schema, name: table }) })),
    candidateTables: new Map(options.candidates.map(({ id, table }) => [id, table])),
    maxPlans: options.maxPlans ?? DEFAULT_MAX_PLANS,
    signal: options.signal,
  });
}
