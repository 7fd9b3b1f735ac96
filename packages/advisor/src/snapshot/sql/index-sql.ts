import {
  asJsonRows,
  epochMs,
  isNotLocked,
  isNotOfExtension,
  isUserSchema,
  type SqlScope,
} from "./user-objects.ts";

const backsConstraint = `EXISTS (
      SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))`;

const isForeignKeyTarget = `EXISTS (
      SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conindid = i.indexrelid AND k.contype = 'f')`;

export function indexesSql(scope: SqlScope): string {
  return asJsonRows(
    "indexes",
    `
  SELECT
    i.indexrelid::bigint AS oid,
    n.nspname AS schema,
    c.relname AS name,
    tc.relname AS table,
    pg_catalog.pg_get_indexdef(i.indexrelid) AS definition,
    m.amname AS method,
    ARRAY(
      SELECT a.attname
      FROM pg_catalog.generate_series(i.indnkeyatts, i.indnatts - 1) AS g(position)
      JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[g.position]
      ORDER BY g.position) AS include,
    pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate,
    i.indisunique AS is_unique,
    i.indisprimary AS is_primary_key,
    i.indisexclusion AS is_exclusion,
    ${backsConstraint} AS backs_constraint,
    ${isForeignKeyTarget} AS is_foreign_key_target,
    i.indisreplident OR (i.indisprimary AND tc.relreplident = 'd') AS is_replica_identity,
    i.indisclustered AS is_clustered,
    i.indisvalid AS is_valid,
    i.indisready AS is_ready,
    ${scope.versionNumber >= 150_000 ? "i.indnullsnotdistinct" : "false"} AS nulls_not_distinct,
    COALESCE(c.reloptions, '{}') AS options,
    GREATEST(c.relpages, 0) AS analyzed_pages,
    c.reltuples AS analyzed_rows,
    pg_catalog.has_table_privilege(i.indexrelid, 'SELECT') AS is_selectable,
    pn.nspname AS parent_schema,
    p.relname AS parent_name
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_class AS tc ON tc.oid = i.indrelid AND tc.relkind IN ('r', 'p', 'm')
  JOIN pg_catalog.pg_am AS m ON m.oid = c.relam
  LEFT JOIN pg_catalog.pg_inherits AS h ON h.inhrelid = i.indexrelid
  LEFT JOIN pg_catalog.pg_class AS p ON p.oid = h.inhparent
  LEFT JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
  WHERE ${isUserSchema("n")}
    AND ${isNotOfExtension("pg_class", "tc.oid")}
    AND ${isNotLocked("tc.oid", scope)}
  ORDER BY i.indexrelid`,
  );
}

/** One row per key, in key order; INCLUDE columns are no keys. */
export function indexKeysSql(scope: SqlScope): string {
  return asJsonRows(
    "index keys",
    `
  SELECT
    i.indexrelid::bigint AS oid,
    a.attname AS column,
    pg_catalog.pg_get_indexdef(i.indexrelid, g.position + 1, true) AS expression,
    CASE WHEN i.indoption[g.position] & 1 = 1 THEN 'desc' ELSE 'asc' END AS direction,
    CASE WHEN i.indoption[g.position] & 2 = 2 THEN 'first' ELSE 'last' END AS nulls,
    CASE WHEN NOT o.opcdefault THEN
      CASE WHEN opn.nspname = 'pg_catalog' THEN pg_catalog.quote_ident(o.opcname)
        ELSE pg_catalog.format('%I.%I', opn.nspname, o.opcname) END
    END AS opclass,
    CASE WHEN i.indcollation[g.position] NOT IN (0, COALESCE(a.attcollation, 100)) THEN (
      SELECT pg_catalog.format('%I.%I', cn.nspname, l.collname)
      FROM pg_catalog.pg_collation AS l
      JOIN pg_catalog.pg_namespace AS cn ON cn.oid = l.collnamespace
      WHERE l.oid = i.indcollation[g.position]) END AS collation
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL pg_catalog.generate_series(0, i.indnkeyatts - 1) AS g(position)
  LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[g.position] AND a.attnum <> 0
  LEFT JOIN pg_catalog.pg_opclass AS o ON o.oid = i.indclass[g.position]
  LEFT JOIN pg_catalog.pg_namespace AS opn ON opn.oid = o.opcnamespace
  WHERE ${isUserSchema("n")} AND ${isNotLocked("i.indrelid", scope)}
  ORDER BY i.indexrelid, g.position`,
  );
}

/** Since the last reset of the cumulative statistics. */
export function indexActivitySql({ versionNumber }: SqlScope): string {
  return asJsonRows(
    "index activity",
    `
  SELECT
    s.indexrelid::bigint AS oid,
    s.idx_scan AS scans,
    ${versionNumber >= 160_000 ? epochMs("s.last_idx_scan") : "NULL::bigint"} AS last_scan_at_ms
  FROM pg_catalog.pg_stat_user_indexes AS s
  ORDER BY s.indexrelid`,
  );
}
