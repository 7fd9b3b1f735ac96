import { asJsonRows } from "./user-objects.ts";

/** Read whatever their source: what the planner's costs rest on, by the names of any supported version. */
const PLANNER_SETTINGS = [
  "constraint_exclusion",
  "cpu_index_tuple_cost",
  "cpu_operator_cost",
  "cpu_tuple_cost",
  "cursor_tuple_fraction",
  "default_statistics_target",
  "effective_cache_size",
  "effective_io_concurrency",
  "from_collapse_limit",
  "hash_mem_multiplier",
  "jit",
  "jit_above_cost",
  "jit_inline_above_cost",
  "jit_optimize_above_cost",
  "join_collapse_limit",
  "max_parallel_workers",
  "max_parallel_workers_per_gather",
  "max_worker_processes",
  "min_parallel_index_scan_size",
  "min_parallel_table_scan_size",
  "parallel_leader_participation",
  "parallel_setup_cost",
  "parallel_tuple_cost",
  "plan_cache_mode",
  "random_page_cost",
  "recursive_worktable_factor",
  "seq_page_cost",
  "shared_buffers",
  "work_mem",
];

/**
 * Text settings whose value is safe to write to a file. All others stay on the server: connection strings, commands and
 * custom settings such as `app.jwt_secret` hold secrets.
 */
const SAFE_TEXT_SETTINGS = [
  "DateStyle",
  "TimeZone",
  "client_encoding",
  "default_tablespace",
  "default_text_search_config",
  "lc_collate",
  "lc_ctype",
  "lc_messages",
  "lc_monetary",
  "lc_numeric",
  "lc_time",
  "search_path",
  "server_encoding",
  "server_version",
  "session_preload_libraries",
  "shared_preload_libraries",
  "temp_tablespaces",
];

const isSafe = `(p.vartype <> 'string' OR p.name IN (${literals(SAFE_TEXT_SETTINGS)}))`;
const isPlanner = `(p.name LIKE 'enable\\_%' OR p.name LIKE 'geqo%' OR p.name IN (${literals(PLANNER_SETTINGS)}))`;

/**
 * `reset_val` is what a session of this role starts with: role and database settings applied, without what this
 * transaction or an earlier user of a pooled connection has set.
 */
export const SETTINGS_SQL: string = asJsonRows(
  "settings",
  `
  SELECT
    p.name,
    p.reset_val AS value,
    p.unit,
    CASE WHEN p.source = 'session' THEN 'reset' ELSE p.source END AS source
  FROM pg_catalog.pg_settings AS p
  WHERE p.reset_val IS NOT NULL AND p.name NOT LIKE 'transaction\\_%'
    AND ((${isPlanner})
      OR (${isSafe} AND p.source NOT IN ('default', 'client', 'session'))
      OR (${isSafe} AND p.source = 'session' AND p.reset_val IS DISTINCT FROM p.boot_val))
  ORDER BY p.name`,
);

/** What `ALTER ROLE … SET` and `ALTER DATABASE … SET` give to sessions of this database, other roles' included. */
export const ROLE_SETTINGS_SQL: string = asJsonRows(
  "role settings",
  `
  SELECT
    r.rolname AS role,
    s.setdatabase <> 0 AS is_for_this_database,
    pg_catalog.split_part(c.entry, '=', 1) AS name,
    pg_catalog.substr(c.entry, pg_catalog.strpos(c.entry, '=') + 1) AS value
  FROM pg_catalog.pg_db_role_setting AS s
  LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
  CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c(entry)
  JOIN pg_catalog.pg_settings AS p
    ON pg_catalog.lower(p.name) = pg_catalog.lower(pg_catalog.split_part(c.entry, '=', 1))
  WHERE s.setdatabase IN (
      0, (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()))
    AND ${isSafe}
  ORDER BY s.setdatabase, s.setrole, p.name`,
);

function literals(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(", ");
}
