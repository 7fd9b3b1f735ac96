import { quoteIdentifier } from "../../sql/quote-identifier.ts";
import type { PointQuery, RefusalReason } from "./point-query.ts";

/** What the catalog says of the relation that a point query names, on the connection that was asked. */
export interface RelationFacts {
  readonly oid: number;
  /** `pg_class.relkind` */
  readonly kind: string;
  readonly isTemporary: boolean;
  readonly hasRowSecurity: boolean;
  readonly columns: readonly string[];
  /** Columns of each unique key that holds for all rows at all times. */
  readonly uniqueKeys: readonly (readonly string[])[];
}

/** `$1` is the relation as quoted text. One row with `facts` as JSON text; `null` when there is none. */
export const RELATION_FACTS_SQL = `
SELECT /* upshift:coalesce */ (
  SELECT pg_catalog.json_build_object(
    'oid', c.oid::pg_catalog.int8,
    'kind', c.relkind,
    'isTemporary', c.relpersistence = 't',
    'hasRowSecurity', c.relrowsecurity,
    'columns', (
      SELECT coalesce(pg_catalog.json_agg(a.attname), '[]')
      FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ),
    'uniqueKeys', (
      SELECT coalesce(pg_catalog.json_agg((
        SELECT pg_catalog.json_agg(a.attname)
        FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k(attnum, position)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE k.position <= i.indnkeyatts
      )), '[]')
      FROM pg_catalog.pg_index i
      WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
    )
  )
  FROM pg_catalog.pg_class c
  WHERE c.oid = pg_catalog.to_regclass($1::text)
)::pg_catalog.text AS facts`;

export function relationText({ table }: PointQuery): string {
  return table.map(quoteIdentifier).join(".");
}

/**
 * @param result - of {@link RELATION_FACTS_SQL}, from any driver
 * @returns `undefined` when there is no such relation
 */
export function readRelationFacts(result: unknown): RelationFacts | undefined {
  if (typeof result !== "object" || result === null || !("rows" in result)) return undefined;
  const row: unknown = Array.isArray(result.rows) ? result.rows[0] : undefined;
  if (typeof row !== "object" || row === null || !("facts" in row)) return undefined;
  return typeof row.facts === "string" ? JSON.parse(row.facts) : undefined;
}

/** Plain tables, partitioned ones and materialized views: reading one row of them does nothing else. */
const READABLE_KINDS = new Set(["r", "p", "m"]);

/**
 * Whether many of this query may be one, as far as the table decides.
 *
 * @param hasContext - queries of different contexts are kept apart, so policies see what they would have seen
 * @returns the reason when not
 */
export function refusedFor(
  query: PointQuery,
  facts: RelationFacts | undefined,
  hasContext: boolean,
): RefusalReason | undefined {
  if (facts === undefined || !READABLE_KINDS.has(facts.kind) || facts.isTemporary) {
    return "not a table";
  }
  const known = new Set(facts.columns);
  const selected = query.columns.flatMap((column) => (column === "*" ? [] : [column.name]));
  const keys = new Set(query.keys.map(({ column }) => column));
  if (![...selected, ...keys].every((column) => known.has(column))) return "column";
  if (facts.hasRowSecurity && !hasContext) return "row security";
  const isUnique = facts.uniqueKeys.some((key) => key.every((column) => keys.has(column)));
  return query.hasLimit && !isUnique ? "not unique" : undefined;
}
