import type { IndexId } from "../planner/planner.ts";
import { isTie, type QueryCost } from "./query-cost.ts";
import type { SearchCandidate, SearchQuery } from "./search-query.ts";
import type { WhatIf } from "./what-if.ts";

/** The planner itself takes paths within 1 % of one another for equal (STD_FUZZ_FACTOR in pathnode.c). */
const SETTLED_RATIO = 0.01;

/**
 * A gain below this share of what the workload costs at best is not worth an index: an index that serves one rare query
 * of a busy workload is written to with every insert. Not of today's cost: once the great indexes are there, little ones
 * would be advised one after the other.
 */
const NEGLIGIBLE_RATIO = 0.002;

/** And below this share of today's cost it is not worth a plan to find it. */
const NEGLIGIBLE_TODAY_RATIO = 0.0001;

/** A set of chosen candidates and what the workload costs under it. Immutable. */
export interface WorkloadState {
  readonly chosen: ReadonlySet<IndexId>;
  readonly costs: ReadonlyMap<string, QueryCost>;
  /** Reads weighed by calls, ties counted as no change, plus writes. What the search makes small. */
  readonly objective: number;
  readonly sizeBytes: number;
}

/** Costs workload states; the base is the state with no candidate. */
export class Workload {
  readonly queries: readonly SearchQuery[];
  readonly candidates: ReadonlyMap<IndexId, SearchCandidate>;
  readonly #whatIf: WhatIf;
  readonly #base: ReadonlyMap<string, QueryCost>;
  /** Cost of each query when every candidate is visible; empty until `boundBy`. */
  #lowest: ReadonlyMap<string, QueryCost> = new Map();
  #negligibleGain = 0;

  private constructor(
    queries: readonly SearchQuery[],
    candidates: ReadonlyMap<IndexId, SearchCandidate>,
    whatIf: WhatIf,
    base: ReadonlyMap<string, QueryCost>,
  ) {
    this.queries = queries;
    this.candidates = candidates;
    this.#whatIf = whatIf;
    this.#base = base;
  }

  static async create(
    queries: readonly SearchQuery[],
    candidates: readonly SearchCandidate[],
    whatIf: WhatIf,
  ): Promise<Workload> {
    const base = new Map<string, QueryCost>();
    for (const query of queries) base.set(query.id, await whatIf.cost(query, new Set()));
    return new Workload(
      queries,
      new Map(candidates.map((candidate) => [candidate.id, candidate])),
      whatIf,
      base,
    );
  }

  get base(): WorkloadState {
    return this.stateOf(new Set(), this.#base);
  }

  /** No set can make a query cheaper than all candidates together: what has reached that is not planned again. */
  boundBy(everything: WorkloadState): void {
    this.#lowest = everything.costs;
    this.#negligibleGain = Math.max(
      this.#reads(everything.costs) * NEGLIGIBLE_RATIO,
      this.#reads(this.#base) * NEGLIGIBLE_TODAY_RATIO,
    );
  }

  /** Objective units below which no choice is worth making; 0 until `boundBy`. */
  get negligibleGain(): number {
    return this.#negligibleGain;
  }

  /** The state with another set; only queries that the difference can reach are asked for again. */
  async moveTo(
    from: WorkloadState,
    chosen: ReadonlySet<IndexId>,
    options: { readonly isExact?: boolean } = {},
  ): Promise<WorkloadState> {
    const changed = this.#tablesBetween(from.chosen, chosen);
    const costs = new Map(from.costs);
    for (const query of this.queries) {
      const isTouched =
        [...changed].some((table) => query.tables.has(table)) &&
        !this.#isSettled(query, from, chosen);
      if (isTouched || options.isExact === true) {
        costs.set(query.id, await this.#whatIf.cost(query, chosen, options));
      }
    }
    return this.stateOf(chosen, costs);
  }

  /** Its plan is still there, and none that is cheaper by more than noise, or worth a choice, can come. */
  #isSettled(query: SearchQuery, from: WorkloadState, chosen: ReadonlySet<IndexId>): boolean {
    const now = from.costs.get(query.id);
    const lowest = this.#lowest.get(query.id);
    if (now === undefined || lowest === undefined || now.isEarlyStop) return false;
    const keepsPlan = [...now.used].every((id) => chosen.has(id) || !from.chosen.has(id));
    const possibleGain = now.creditCost - lowest.creditCost;
    return (
      keepsPlan &&
      (possibleGain <= lowest.creditCost * SETTLED_RATIO ||
        possibleGain * query.calls <= this.#negligibleGain)
    );
  }

  /** `schema.table` of a candidate or an existing index. */
  tableOf(id: IndexId): string | null {
    return this.candidates.get(id)?.table ?? this.#whatIf.existingTable(id);
  }

  sizeOf(chosen: ReadonlySet<IndexId>): number {
    return sum(chosen, (id) => this.candidates.get(id)?.sizeBytes ?? 0);
  }

  #tablesBetween(left: ReadonlySet<IndexId>, right: ReadonlySet<IndexId>): ReadonlySet<string> {
    const differing = [
      ...[...left].filter((id) => !right.has(id)),
      ...[...right].filter((id) => !left.has(id)),
    ];
    return new Set(differing.map((id) => this.candidates.get(id)?.table ?? ""));
  }

  stateOf(chosen: ReadonlySet<IndexId>, costs: ReadonlyMap<string, QueryCost>): WorkloadState {
    const writes = sum(chosen, (id) => this.candidates.get(id)?.writeCost ?? 0);
    const objective = this.#reads(costs) + writes;
    return { chosen, costs, objective, sizeBytes: this.sizeOf(chosen) };
  }

  #reads(costs: ReadonlyMap<string, QueryCost>): number {
    return sum(this.queries, (query) => query.calls * this.#believed(query, costs));
  }

  #believed(query: SearchQuery, costs: ReadonlyMap<string, QueryCost>): number {
    const before = this.#base.get(query.id);
    const after = costs.get(query.id);
    if (before === undefined || after === undefined) return 0;
    return isTie(before, after) ? before.creditCost : after.creditCost;
  }
}

function sum<T>(items: Iterable<T>, amount: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += amount(item);
  return total;
}
