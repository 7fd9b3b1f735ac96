import type { Node } from "libpg-query";
import type { ColumnSource, OrderKey, WantedOrder } from "./query-shape.ts";
import { resolveColumn, type Scope, type ShapeContext } from "./scope.ts";

export interface SortItem {
  readonly node: Node;
  readonly isDescending?: boolean;
  readonly nulls?: "first" | "last";
}

export interface SortKey {
  /** Empty for an expression. */
  readonly sources: readonly ColumnSource[];
  readonly direction: "asc" | "desc";
  readonly nulls: "first" | "last";
}

/** Resolves sort items; NULLs come last in ascending and first in descending order unless said otherwise. */
export function sortKeysOf(items: readonly SortItem[], scope: Scope): readonly SortKey[] {
  return items.map(({ node, isDescending = false, nulls }) => ({
    sources: "ColumnRef" in node ? (resolveColumn(node.ColumnRef, scope) ?? []) : [],
    direction: isDescending ? "desc" : "asc",
    nulls: nulls ?? (isDescending ? "first" : "last"),
  }));
}

/** Notes for every table the leading run of keys that are columns of it: what one index can give. */
export function addOrder(
  keys: readonly SortKey[],
  wanted: Pick<WantedOrder, "reason" | "hasLimit">,
  context: ShapeContext,
): void {
  const occurrences =
    wanted.reason === "group" || wanted.reason === "distinct"
      ? // Grouping has no order, so each table gives the columns that it has.
        keys.flatMap((key) => key.sources)
      : (keys[0]?.sources ?? []);
  for (const occurrence of new Set(occurrences.map((source) => source.occurrence))) {
    const run: OrderKey[] = [];
    for (const key of keys) {
      const source = key.sources.find((item) => item.occurrence === occurrence);
      if (source === undefined) {
        if (wanted.reason === "group" || wanted.reason === "distinct") continue;
        break;
      }
      if (run.some((known) => known.column === source.column)) continue;
      run.push({ column: source.column, direction: key.direction, nulls: key.nulls });
    }
    const isComplete = keys.every((key) =>
      key.sources.some((source) => source.occurrence === occurrence),
    );
    context.builder.addOrder(occurrence, { ...wanted, keys: run, isComplete });
  }
}
