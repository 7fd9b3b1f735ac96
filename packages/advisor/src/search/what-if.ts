import type { IndexId, Planner } from "../planner/planner.ts";
import { meanCost, type QueryCost } from "./query-cost.ts";
import type { SearchQuery } from "./search-query.ts";

/** Results kept per query: enough for the sets around the best ones. */
const REMEMBERED_PER_QUERY = 400;

interface Remembered {
  readonly visible: ReadonlySet<IndexId>;
  readonly result: QueryCost;
  /** Planned with every index of the set, also those that no plan of the query was thought to use. */
  readonly isExact: boolean;
}

export interface WhatIfOptions {
  readonly planner: Planner;
  /** Existing indexes: always shown unless a call says otherwise. */
  readonly existing: readonly { readonly id: IndexId; readonly table: string }[];
  readonly candidateTables: ReadonlyMap<IndexId, string>;
  /** Plans after which the search stops with what it has. */
  readonly maxPlans: number;
  readonly signal?: AbortSignal | undefined;
}

/** Costs of queries under sets of indexes, each asked of the planner once. */
export class WhatIf {
  readonly #options: WhatIfOptions;
  readonly #remembered = new Map<string, Map<string, Remembered>>();
  #plans = 0;

  constructor(options: WhatIfOptions) {
    this.#options = options;
  }

  /** Plans that were made so far. */
  get plans(): number {
    return this.#plans;
  }

  get isExhausted(): boolean {
    return this.#plans >= this.#options.maxPlans;
  }

  /**
   * The cost of a query when these candidates exist beside the existing indexes.
   *
   * A plan that was made with more indexes but used none of those is taken as it is: it is still there, and none that
   * is cheaper was. `isExact` shows the planner every index of the set, whether or not the query was thought to be able
   * to use it: that is what a claim rests on.
   *
   * @throws the planner's errors, and the signal's reason
   */
  async cost(
    query: SearchQuery,
    candidates: ReadonlySet<IndexId>,
    options: { readonly isExact?: boolean; readonly hidden?: ReadonlySet<IndexId> } = {},
  ): Promise<QueryCost> {
    const { isExact = false, hidden } = options;
    const visible = this.#visible({ query, candidates, isExact, hidden });
    const results = this.#resultsOf(query.id);
    const key = [...visible].toSorted().join("\0");
    const known = results.get(key);
    if (known !== undefined) return known.result;
    const reusable = [...results.values()].find(
      (wider) =>
        (wider.isExact || !isExact) &&
        !wider.result.isEarlyStop &&
        isSubset(visible, wider.visible) &&
        isSubset(wider.result.used, visible),
    );
    if (reusable !== undefined) return reusable.result;
    const result = await this.#plan(query, visible);
    if (results.size >= REMEMBERED_PER_QUERY) results.delete(results.keys().next().value ?? "");
    results.set(key, { visible, result, isExact });
    return result;
  }

  #resultsOf(query: string): Map<string, Remembered> {
    const known = this.#remembered.get(query);
    if (known !== undefined) return known;
    const results = new Map<string, Remembered>();
    this.#remembered.set(query, results);
    return results;
  }

  #visible(request: {
    readonly query: SearchQuery;
    readonly candidates: ReadonlySet<IndexId>;
    readonly isExact: boolean;
    readonly hidden: ReadonlySet<IndexId> | undefined;
  }): ReadonlySet<IndexId> {
    const { query, candidates, isExact, hidden } = request;
    const { existing, candidateTables } = this.#options;
    const visible = new Set<IndexId>();
    for (const { id, table } of existing) {
      if (query.tables.has(table) && hidden?.has(id) !== true) visible.add(id);
    }
    for (const id of candidates) {
      const isTried = isExact || query.usable.has(id);
      if (isTried && query.tables.has(candidateTables.get(id) ?? "")) visible.add(id);
    }
    return visible;
  }

  async #plan(query: SearchQuery, visible: ReadonlySet<IndexId>): Promise<QueryCost> {
    const whole = await this.#planAll(query, visible);
    const early = [...whole.used].filter((id) => query.earlyStops.has(id));
    if (early.length === 0) return whole;
    const without = new Set([...visible].filter((id) => !query.earlyStops.has(id)));
    const { cost } = await this.#planAll(query, without);
    return { ...whole, creditCost: (whole.cost + cost) / 2, isEarlyStop: true };
  }

  async #planAll(query: SearchQuery, visible: ReadonlySet<IndexId>): Promise<QueryCost> {
    const planned = [];
    for (const { statement, weight } of query.plannings) {
      this.#options.signal?.throwIfAborted();
      this.#plans += 1;
      planned.push({ result: await this.#options.planner.plan(statement, visible), weight });
    }
    return meanCost(planned);
  }
}

function isSubset<T>(part: ReadonlySet<T>, whole: ReadonlySet<T>): boolean {
  if (part.size > whole.size) return false;
  for (const item of part) if (!whole.has(item)) return false;
  return true;
}
