import {
  asJsonRows,
  epochMs,
  isNotLocked,
  isNotOfExtension,
  isUserSchema,
  type SqlScope,
} from "./user-objects.ts";

const isUserRelation = (scope: SqlScope): string => `${isUserSchema("n")}
    AND c.relkind IN ('r', 'p', 'm', 'f')
    AND ${isNotOfExtension("pg_class", "c.oid")}
    AND ${isNotLocked("c.oid", scope)}`;

export function relationsSql(scope: SqlScope): string {
  return asJsonRows(
    "relations",
    `
  SELECT
    c.oid::bigint AS oid,
    n.nspname AS schema,
    c.relname AS name,
    CASE c.relkind
      WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned' WHEN 'm' THEN 'materialized-view' ELSE 'foreign-table'
    END AS kind,
    GREATEST(c.relpages, 0) AS analyzed_pages,
    c.reltuples AS analyzed_rows,
    c.relallvisible AS all_visible_pages,
    ${scope.versionNumber >= 180_000 ? "c.relallfrozen" : "NULL::integer"} AS all_frozen_pages,
    COALESCE(c.reloptions, '{}') AS options,
    CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS partition_key,
    CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END AS partition_bound,
    c.relrowsecurity AS has_row_security,
    COALESCE(c.relrowsecurity AND pg_catalog.row_security_active(c.oid), false) AS is_row_security_active,
    pg_catalog.has_table_privilege(c.oid, 'SELECT') AS is_selectable,
    pg_catalog.pg_get_userbyid(c.relowner) AS owner
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE ${isUserRelation(scope)}
  ORDER BY c.oid`,
  );
}

export const PARENTS_SQL: string = asJsonRows(
  "inheritance",
  `
  SELECT i.inhrelid::bigint AS oid, pn.nspname AS parent_schema, p.relname AS parent_name
  FROM pg_catalog.pg_inherits AS i
  JOIN pg_catalog.pg_class AS p ON p.oid = i.inhparent
  JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
  ORDER BY i.inhrelid, i.inhseqno`,
);

/** Sizes of tables and indexes on disk, which is what the planner goes by. `null` for one that was just dropped. */
export function sizesSql(scope: SqlScope): string {
  return asJsonRows(
    "sizes",
    `
  SELECT
    c.oid::bigint AS oid,
    pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::bigint AS pages
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE ${isUserSchema("n")} AND c.relkind IN ('r', 'm', 'i') AND ${isNotLocked("c.oid", scope)}
  ORDER BY c.oid`,
  );
}

export function columnsSql(scope: SqlScope): string {
  return asJsonRows(
    "columns",
    `
  SELECT
    c.oid::bigint AS oid,
    a.attnum AS number,
    a.attname AS name,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
    a.attnotnull AS is_not_null,
    CASE WHEN a.attcollation <> y.typcollation THEN (
      SELECT pg_catalog.format('%I.%I', cn.nspname, o.collname)
      FROM pg_catalog.pg_collation AS o
      JOIN pg_catalog.pg_namespace AS cn ON cn.oid = o.collnamespace
      WHERE o.oid = a.attcollation) END AS collation,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS default_expression,
    CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END AS generated,
    CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END AS statistics_target,
    COALESCE(a.attoptions, '{}') AS options,
    pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') AS is_selectable
  FROM pg_catalog.pg_attribute AS a
  JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_type AS y ON y.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE a.attnum > 0 AND NOT a.attisdropped AND ${isUserRelation(scope)}
  ORDER BY c.oid, a.attnum`,
  );
}

/** Since the last reset of the cumulative statistics. */
export const TABLE_ACTIVITY_SQL: string = asJsonRows(
  "table activity",
  `
  SELECT
    s.relid::bigint AS oid,
    s.seq_scan AS sequential_scans,
    s.seq_tup_read AS sequential_rows_read,
    COALESCE(s.idx_scan, 0) AS index_scans,
    s.n_tup_ins AS inserts,
    s.n_tup_upd AS updates,
    s.n_tup_hot_upd AS hot_updates,
    s.n_tup_del AS deletes,
    s.n_live_tup AS rows_live,
    s.n_dead_tup AS rows_dead,
    ${epochMs("GREATEST(s.last_analyze, s.last_autoanalyze)")} AS last_analyzed_at_ms
  FROM pg_catalog.pg_stat_user_tables AS s
  ORDER BY s.relid`,
);

/** Reading a view's definition locks the tables below it until the transaction ends. */
export function viewsSql(scope: SqlScope): string {
  return asJsonRows(
    "views",
    `
  SELECT
    c.oid::bigint AS oid,
    n.nspname AS schema,
    c.relname AS name,
    c.reloptions AS options,
    pg_catalog.pg_get_viewdef(c.oid) AS query
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE ${isUserSchema("n")} AND c.relkind = 'v' AND ${isNotOfExtension("pg_class", "c.oid")}
    AND ${isNotLocked("c.oid", scope)}
    AND NOT EXISTS (
      SELECT
      FROM pg_catalog.pg_rewrite AS w
      JOIN pg_catalog.pg_depend AS b
        ON b.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND b.objid = w.oid
        AND b.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
      WHERE w.ev_class = c.oid AND NOT ${isNotLocked("b.refobjid", scope)})
  ORDER BY c.oid`,
  );
}
