import type { ColumnCondition, TableOccurrence } from "../../workload/shape/query-shape.ts";

/** Conditions that hold together and that one scan of an index can use. */
export interface FilterGroup {
  /** One value each, so what follows in the index stays sorted. */
  readonly equality: readonly string[];
  /** Several values each. */
  readonly lists: readonly string[];
  readonly ranges: readonly RangeColumns[];
  /** The same in every call, so an index can leave the other rows out. */
  readonly literals: readonly ColumnCondition[];
}

export interface RangeColumns {
  readonly column: string;
  /** `(a, b) > (…)`: columns that the range goes on with. */
  readonly following: readonly string[];
  readonly isPrefix: boolean;
}

/** The conjunction of the occurrence, then one group for each arm of its ORs. */
export function filterGroups(
  occurrence: TableOccurrence,
  canBeKey: (column: string) => boolean,
): readonly FilterGroup[] {
  const { conditions, alternatives } = occurrence;
  return [
    toGroup(conditions, canBeKey),
    ...alternatives.map((arm) => toGroup([...arm, ...conditions], canBeKey)),
  ];
}

/** The group when the rows are already those of a partial index. */
export function withoutConditions(
  occurrence: TableOccurrence,
  implied: readonly ColumnCondition[],
  canBeKey: (column: string) => boolean,
): FilterGroup {
  return toGroup(
    occurrence.conditions.filter((condition) => !implied.includes(condition)),
    canBeKey,
  );
}

function toGroup(
  conditions: readonly ColumnCondition[],
  canBeKey: (column: string) => boolean,
): FilterGroup {
  const usable = conditions.filter((condition) => canBeKey(condition.column));
  const columnsOf = (...kinds: readonly ColumnCondition["kind"][]): readonly string[] => [
    ...new Set(usable.filter(({ kind }) => kinds.includes(kind)).map(({ column }) => column)),
  ];
  const equality = columnsOf("equality", "null");
  const lists = columnsOf("in").filter((column) => !equality.includes(column));
  const ranges = new Map<string, RangeColumns>();
  for (const { column, kind, following } of usable) {
    if (kind !== "range" && kind !== "prefix") continue;
    if (equality.includes(column) || lists.includes(column) || ranges.has(column)) continue;
    ranges.set(column, { column, following, isPrefix: kind === "prefix" });
  }
  return {
    equality,
    lists,
    ranges: [...ranges.values()],
    literals: conditions.filter(({ literal }) => literal !== null),
  };
}
