import type { IndexId, PlannableStatement, Planner } from "../planner/planner.ts";
import { type PlanFacts, PlanMemory, toVisibleSet } from "./plan-memory.ts";
import { meanCost, type QueryCost } from "./query-cost.ts";
import type { SearchQuery } from "./search-query.ts";

export interface WhatIfOptions {
  readonly planner: Planner;
  /** Existing indexes: always shown unless a call says otherwise. */
  readonly existing: readonly { readonly id: IndexId; readonly table: string }[];
  readonly candidateTables: ReadonlyMap<IndexId, string>;
  /** Plans after which the search stops with what it has. */
  readonly maxPlans: number;
  readonly signal?: AbortSignal | undefined;
}

export interface CostOptions {
  /**
   * Shows the planner every index of the set, whether or not the query was thought to be able to use it: that is what
   * a claim rests on.
   */
  readonly isExact?: boolean;
  /** Existing indexes to take away. */
  readonly hidden?: ReadonlySet<IndexId>;
}

/** Costs of queries under sets of indexes, each asked of the planner once. */
export class WhatIf {
  readonly #options: WhatIfOptions;
  /** By the object that holds the statement and its values: forms of a query share it. */
  readonly #memories = new Map<PlannableStatement, PlanMemory>();
  #plans = 0;

  constructor(options: WhatIfOptions) {
    this.#options = options;
  }

  /** Plans that were made so far. */
  get plans(): number {
    return this.#plans;
  }

  /** `schema.table` of an existing index; `null` for any other. */
  existingTable(id: IndexId): string | null {
    return this.#options.existing.find((index) => index.id === id)?.table ?? null;
  }

  get isExhausted(): boolean {
    return this.#plans >= this.#options.maxPlans;
  }

  /**
   * The cost of a query when these candidates exist beside the existing indexes.
   *
   * @throws the planner's errors, and the signal's reason
   */
  async cost(
    query: SearchQuery,
    candidates: ReadonlySet<IndexId>,
    options: CostOptions = {},
  ): Promise<QueryCost> {
    const isExact = options.isExact === true;
    const visible = this.#visible(query, candidates, options);
    const whole = meanCost(query.plannings, await this.#planAll(query, visible, isExact));
    const early = [...whole.used].filter((id) => query.earlyStops.has(id));
    if (early.length === 0) return whole;
    const without = new Set([...visible].filter((id) => !query.earlyStops.has(id)));
    const { cost } = meanCost(query.plannings, await this.#planAll(query, without, isExact));
    return { ...whole, creditCost: (whole.cost + cost) / 2, isEarlyStop: true };
  }

  /** The cost of each of the query's plannings, in their order. */
  async planningCosts(
    query: SearchQuery,
    candidates: ReadonlySet<IndexId>,
  ): Promise<readonly number[]> {
    const visible = this.#visible(query, candidates, {});
    return (await this.#planAll(query, visible, false)).map(({ cost }) => cost);
  }

  #visible(
    query: SearchQuery,
    candidates: ReadonlySet<IndexId>,
    { isExact = false, hidden }: CostOptions,
  ): ReadonlySet<IndexId> {
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

  async #planAll(
    query: SearchQuery,
    visible: ReadonlySet<IndexId>,
    isExact: boolean,
  ): Promise<readonly PlanFacts[]> {
    const planned: PlanFacts[] = [];
    const set = toVisibleSet(visible);
    for (const { statement } of query.plannings) {
      const memory = this.#memoryOf(statement);
      planned.push(
        memory.recall(set, isExact) ??
          memory.remember(set, await this.#plan(statement, visible), isExact),
      );
    }
    return planned;
  }

  #plan(statement: PlannableStatement, visible: ReadonlySet<IndexId>): ReturnType<Planner["plan"]> {
    this.#options.signal?.throwIfAborted();
    this.#plans += 1;
    return this.#options.planner.plan(statement, visible);
  }

  #memoryOf(statement: PlannableStatement): PlanMemory {
    const known = this.#memories.get(statement);
    if (known !== undefined) return known;
    const memory = new PlanMemory();
    this.#memories.set(statement, memory);
    return memory;
  }
}
