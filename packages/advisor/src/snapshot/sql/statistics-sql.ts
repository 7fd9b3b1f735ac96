import {
  asJsonRows,
  isNotLocked,
  isNotOfExtension,
  isUserSchema,
  type SqlScope,
} from "./user-objects.ts";

/**
 * The public view, not pg_statistic: it shows a role the columns that it may read. `number` comes from pg_attribute, because
 * expressions of an index have no other identity.
 */
export function columnStatisticsSql({ versionNumber }: SqlScope): string {
  const range =
    versionNumber >= 170_000
      ? `s.range_length_histogram::text AS range_length_histogram,
    s.range_empty_frac AS range_empty_fraction,
    s.range_bounds_histogram::text AS range_bounds_histogram`
      : `NULL::text AS range_length_histogram,
    NULL::real AS range_empty_fraction,
    NULL::text AS range_bounds_histogram`;
  return asJsonRows(
    "column statistics",
    `
  SELECT
    s.schemaname AS schema,
    s.tablename AS relation,
    s.attname AS column,
    a.attnum AS number,
    s.inherited,
    s.null_frac AS null_fraction,
    s.avg_width AS average_width_bytes,
    s.n_distinct AS distinct,
    s.most_common_vals::text AS most_common_values,
    s.most_common_freqs AS most_common_frequencies,
    s.histogram_bounds::text AS histogram_bounds,
    s.correlation,
    s.most_common_elems::text AS most_common_elements,
    s.most_common_elem_freqs AS most_common_element_frequencies,
    s.elem_count_histogram AS element_count_histogram,
    ${range}
  FROM pg_catalog.pg_stats AS s
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = s.schemaname
  JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = s.tablename
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attname = s.attname
  WHERE ${isUserSchema("n")} AND ${isNotOfExtension("pg_class", "c.oid")}
  ORDER BY c.oid, a.attnum, s.inherited`,
  );
}

export function extendedStatisticsSql(scope: SqlScope): string {
  const inherited = scope.versionNumber >= 150_000 ? "COALESCE(v.inherited, false)" : "false";
  return asJsonRows(
    "extended statistics",
    `
  SELECT
    n.nspname AS schema,
    e.stxname AS name,
    tn.nspname AS table_schema,
    c.relname AS table,
    pg_catalog.pg_get_statisticsobjdef(e.oid) AS ddl,
    ${inherited} AS inherited,
    v.n_distinct::text AS ndistinct,
    v.dependencies::text AS dependencies,
    v.statistics_name IS NOT NULL AS is_collected,
    pg_catalog.pg_has_role(c.relowner, 'USAGE') AS is_owner,
    pg_catalog.pg_get_userbyid(c.relowner) AS owner
  FROM pg_catalog.pg_statistic_ext AS e
  JOIN pg_catalog.pg_namespace AS n ON n.oid = e.stxnamespace
  JOIN pg_catalog.pg_class AS c ON c.oid = e.stxrelid
  JOIN pg_catalog.pg_namespace AS tn ON tn.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_stats_ext AS v
    ON v.statistics_schemaname = n.nspname AND v.statistics_name = e.stxname
  WHERE ${isUserSchema("n")} AND ${isNotOfExtension("pg_statistic_ext", "e.oid")}
    AND ${isNotLocked("c.oid", scope)}
  ORDER BY e.oid`,
  );
}
