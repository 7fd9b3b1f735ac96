import { quoteIdentifier } from "../../sql/quote-identifier.ts";
import type { ResolvedKey, ResolvedOrder } from "../resolve-order.ts";
import { actualRows, allNodes, type PlanNode, removedRows, unboundedSorts } from "./plan-node.ts";

/** Why a page is slow, or will be once the table has grown. */
export interface PageWarning {
  /** `no-index`: even told to, the planner finds no index in this order. `sort`, `filter`: an index may be there, and the plan reads more than 10 times the page. */
  readonly kind: "no-index" | "sort" | "filter";
  readonly message: string;
  /** SQL that would help, for a person to judge. */
  readonly fix: string | undefined;
}

/** A page that reads this many times its own rows. */
const TOO_MANY_TIMES = 10;

/**
 * @param forced - the plan when sorting is made as dear as can be: what still sorts has no index to go by
 * @param ran - the plan as it ran
 * @param size - rows of the page
 */
export function pageWarnings(
  order: ResolvedOrder,
  {
    forced,
    ran,
    size,
  }: { readonly forced: PlanNode; readonly ran: PlanNode; readonly size: number },
): readonly PageWarning[] {
  const warnings: PageWarning[] = [];
  const fix = indexFor(order);
  const list = order.table?.sqlName ?? "the list";
  if (unboundedSorts(forced).some((sort) => sort["Node Type"] === "Sort")) {
    warnings.push({
      kind: "no-index",
      message: `No index of ${list} has the order of its keys, so each page sorts all rows. Columns that the filter compares by = may come before the keys, nothing else.`,
      fix,
    });
  }
  const sorted = Math.max(
    0,
    ...unboundedSorts(ran).flatMap((sort) => (sort.Plans ?? []).map(actualRows)),
  );
  if (sorted > TOO_MANY_TIMES * size && warnings.length === 0) {
    warnings.push({
      kind: "sort",
      message: `A page of ${size} rows sorted ${sorted}. Either many rows tie in the keys that an index has, or one with all keys was not used: is ANALYZE due, or does the filter leave few rows?`,
      fix,
    });
  }
  const removed = Math.max(0, ...allNodes(ran).map(removedRows));
  if (removed > TOO_MANY_TIMES * size && warnings.length === 0) {
    warnings.push({
      kind: "filter",
      message: `A page of ${size} rows read ${removed} that its filter dropped. Put the columns that it compares by = before the keys of the index.`,
      fix,
    });
  }
  return warnings;
}

function indexFor({ table, keys }: ResolvedOrder): string | undefined {
  if (table === undefined || table.kind.endsWith("view")) return undefined;
  const columns = keys.flatMap((key) => indexColumn(key) ?? []);
  if (columns.length < keys.length) return undefined;
  const words = table.kind === "partitioned table" ? "CREATE INDEX" : "CREATE INDEX CONCURRENTLY";
  return `${words} ON ${table.sqlName} (${columns.join(", ")})`;
}

function indexColumn(key: ResolvedKey): string | undefined {
  if (key.column === undefined) return undefined;
  const isPlacedAsUsual = key.isNullsFirst === !key.isAscending || !key.isNullable;
  return [
    quoteIdentifier(key.column),
    ...(key.collation === undefined ? [] : [`COLLATE ${key.collation}`]),
    ...(key.isAscending ? [] : ["DESC"]),
    ...(isPlacedAsUsual ? [] : [key.isNullsFirst ? "NULLS FIRST" : "NULLS LAST"]),
  ].join(" ");
}
