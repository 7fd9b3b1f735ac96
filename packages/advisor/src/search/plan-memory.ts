import type { IndexId, PlannedStatement } from "../planner/planner.ts";

/** What the search keeps of a plan. */
export interface PlanFacts {
  readonly cost: number;
  readonly used: ReadonlySet<IndexId>;
  readonly hasHashAggregate: boolean;
}

/** Indexes that a plan may use, and the text that is equal for equal sets. */
export interface VisibleSet {
  readonly visible: ReadonlySet<IndexId>;
  readonly key: string;
}

export function toVisibleSet(visible: ReadonlySet<IndexId>): VisibleSet {
  return { visible, key: [...visible].toSorted().join("\0") };
}

interface Remembered {
  readonly visible: ReadonlySet<IndexId>;
  readonly facts: PlanFacts;
  /** Planned with every index of the set, also those that no plan of the query was thought to use. */
  readonly isExact: boolean;
}

/** Enough for the sets around the best ones. */
const CAPACITY = 400;

/** The plans of one statement with one choice of values, by what was visible. */
export class PlanMemory {
  readonly #plans = new Map<string, Remembered>();

  /**
   * The plan under these indexes if it is known; `null` when it must be made.
   *
   * A plan that was made with more indexes but used none of those is taken as it is: it is still there, and none that
   * is cheaper was.
   */
  recall({ visible, key }: VisibleSet, isExact: boolean): PlanFacts | null {
    const known = this.#plans.get(key);
    if (known !== undefined && (known.isExact || !isExact)) return known.facts;
    for (const wider of this.#plans.values()) {
      if (isExact && !wider.isExact) continue;
      // Few indexes are used, many are visible: the short test first.
      if (isSubset(wider.facts.used, visible) && isSubset(visible, wider.visible)) {
        return wider.facts;
      }
    }
    return null;
  }

  remember({ visible, key }: VisibleSet, planned: PlannedStatement, isExact: boolean): PlanFacts {
    const facts = factsOf(planned);
    if (this.#plans.size >= CAPACITY) this.#plans.delete(this.#plans.keys().next().value ?? "");
    this.#plans.set(key, { visible, facts, isExact });
    return facts;
  }
}

function factsOf({ cost, plan, usedIndexes, refusedIndexes }: PlannedStatement): PlanFacts {
  return {
    cost,
    // What the version rule took away earns nothing.
    used: new Set([...usedIndexes].filter((id) => !refusedIndexes.has(id))),
    hasHashAggregate: plan.nodes.some(
      ({ type, strategy }) =>
        type === "HashAggregate" ||
        (type === "Aggregate" && (strategy === "Hashed" || strategy === "Mixed")),
    ),
  };
}

function isSubset<T>(part: ReadonlySet<T>, whole: ReadonlySet<T>): boolean {
  if (part.size > whole.size) return false;
  for (const item of part) if (!whole.has(item)) return false;
  return true;
}
