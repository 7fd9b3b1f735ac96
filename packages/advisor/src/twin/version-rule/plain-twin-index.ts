import { literalOrNull, quoteIdentifier, quoteQualified } from "../sql-text.ts";
import type { CatalogIndex } from "../storage/index-catalog.ts";

/**
 * A double of a B-tree that the planner prices as a server without skip scan would.
 *
 * The planner assumes no skipping over a key whose number of distinct values it does not know, and that number is looked up
 * by the key's place in the index. So every key but the last becomes `same(key)`: stored as an expression, which has no
 * statistics, but unfolded to the plain column before the planner matches clauses and orders. Their columns are included
 * too, for an index-only scan may not read them from an expression.
 * Source: PostgreSQL 18, src/backend/utils/adt/selfuncs.c, btcostestimate ("If ndistinct is a default estimate …")
 */
export function plainTwinSql(index: CatalogIndex, name: string): string {
  const keys = index.columns.slice(0, index.keyCount).map((column, position) => {
    const isLast = position === index.keyCount - 1;
    const text = isLast ? column.text : `(upshift_twin.same(${column.text}))`;
    return [
      text,
      ...(column.collation === null ? [] : [`COLLATE ${column.collation}`]),
      ...(column.opclass === null ? [] : [column.opclass]),
      column.isDescending ? "DESC" : "ASC",
      column.isNullsFirst ? "NULLS FIRST" : "NULLS LAST",
    ].join(" ");
  });
  const include = [
    ...index.columns.slice(0, index.keyCount - 1),
    ...index.columns.slice(index.keyCount),
  ].flatMap((column) => (column.column === null ? [] : [quoteIdentifier(column.column)]));
  return [
    `CREATE ${index.isUnique ? "UNIQUE " : ""}INDEX ${quoteIdentifier(name)}`,
    `ON ${quoteQualified(index.schema, index.table)} USING btree (${keys.join(", ")})`,
    ...(include.length === 0 ? [] : [`INCLUDE (${[...new Set(include)].join(", ")})`]),
    ...(index.nullsNotDistinct ? ["NULLS NOT DISTINCT"] : []),
    ...(index.predicate === null ? [] : [`WHERE ${index.predicate}`]),
  ].join(" ");
}

export interface LeadingKeyStatistics {
  readonly nullFraction: number;
  readonly averageWidthBytes: number;
  readonly correlation: number | null;
}

/** The order of the first key decides what a scan's heap reads cost; distinct values stay unknown (0). */
export function leadingCorrelationSql(
  schema: string,
  index: string,
  statistics: LeadingKeyStatistics,
): string {
  return `SELECT pg_restore_attribute_stats('schemaname', ${literalOrNull(schema)}::text, 'relname', ${literalOrNull(index)}::text,
    'attnum', 1::smallint, 'inherited', false, 'null_frac', ${literalOrNull(statistics.nullFraction)}::real,
    'avg_width', ${literalOrNull(statistics.averageWidthBytes)}::integer, 'n_distinct', 0::real,
    'correlation', ${literalOrNull(statistics.correlation)}::real)`;
}
