import type { Column, Relation } from "../../snapshot/database-snapshot.ts";
import type { SchemaLookup } from "../../workload/schema-lookup.ts";

/** No default B-tree operator class, or one that only gives an arbitrary order (jsonb, tsvector, arrays). */
const UNORDERED_TYPES: ReadonlySet<string> = new Set([
  "json",
  "jsonb",
  "jsonpath",
  "xml",
  "point",
  "line",
  "lseg",
  "box",
  "path",
  "polygon",
  "circle",
  "tsvector",
  "tsquery",
  "hstore",
  "geometry",
  "geography",
  "vector",
  "xid",
  "cid",
  "aclitem",
  "pg_snapshot",
  "txid_snapshot",
]);

/** A B-tree entry must fit a third of a page; a mean width of this leaves room for the wide tail. */
const WIDEST_KEY_BYTES = 400;

/** Whether a B-tree can have the column among its keys. */
export function canBeKey(column: Column, relation: Relation, schema: SchemaLookup): boolean {
  if (column.generated === "virtual") return false;
  const type = baseType(column.type);
  if (column.type.endsWith("[]") || UNORDERED_TYPES.has(type)) return false;
  const own = schema.snapshot.types.find((item) => item.name === type);
  if (own !== undefined && (own.kind === "composite" || own.kind === "base")) return false;
  return widthBytes(column, relation, schema) <= WIDEST_KEY_BYTES;
}

/** Mean width by the statistics; 8 where there are none for fixed types, 32 for text. */
export function widthBytes(column: Column, relation: Relation, schema: SchemaLookup): number {
  const known = schema.statistics(relation, column.name)?.averageWidthBytes;
  return known ?? (isTextType(column.type) ? 32 : 8);
}

/** How many different values the column has, in rows. */
export function distinctCount(column: string, relation: Relation, schema: SchemaLookup): number {
  const distinct = schema.statistics(relation, column)?.distinct ?? 0;
  return distinct < 0 ? -distinct * Math.max(relation.rows, 0) : distinct;
}

/**
 * The operator class with which LIKE 'abc%' is a range; `null` when the default one does.
 *
 * Only a collation that sorts by bytes lets the default class serve LIKE.
 */
export function patternClass(column: Column, schema: SchemaLookup): string | null {
  const byColumn = column.collation?.replaceAll('"', "").replace(/^pg_catalog\./, "");
  const isByteOrdered =
    byColumn === undefined
      ? schema.snapshot.database.isByteOrdered
      : ["C", "POSIX", "ucs_basic", "pg_c_utf8"].includes(byColumn);
  if (isByteOrdered) return null;
  switch (baseType(column.type)) {
    case "text":
      return "text_pattern_ops";
    case "character varying":
      return "varchar_pattern_ops";
    case "character":
      return "bpchar_pattern_ops";
    default:
      return null;
  }
}

function isTextType(type: string): boolean {
  return ["text", "character varying", "character", "citext"].includes(baseType(type));
}

/** `character varying(20)` without its length, `public.mood` without its schema. */
function baseType(type: string): string {
  return type
    .replace(/\(.*?\)/, "")
    .replaceAll('"', "")
    .split(".")
    .at(-1)!
    .trim();
}
