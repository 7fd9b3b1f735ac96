import { asJsonRows, STATEMENT_MARK } from "./user-objects.ts";

/** Where pg_stat_statements is, if it is, and which columns its installed version has. */
export const WORKLOAD_SOURCE_SQL: string = asJsonRows(
  "workload source",
  `
  SELECT
    pg_catalog.format('%I.%I', n.nspname, c.relname) AS view,
    pg_catalog.quote_ident(n.nspname) AS schema,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS is_schema_usable,
    pg_catalog.has_table_privilege(c.oid, 'SELECT') AS is_selectable,
    ARRAY(SELECT a.attname FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0) AS columns
  FROM pg_catalog.pg_extension AS x
  JOIN pg_catalog.pg_depend AS e
    ON e.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND e.refobjid = x.oid
    AND e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.deptype = 'e'
  JOIN pg_catalog.pg_class AS c ON c.oid = e.objid AND c.relname = 'pg_stat_statements'
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE x.extname = 'pg_stat_statements'`,
);

export interface WorkloadSqlOptions {
  /** The view, schema-qualified and quoted. */
  readonly view: string;
  /** `total_time` before version 1.8 of the extension, which an upgraded server may still have. */
  readonly hasExecutionTimes: boolean;
  readonly maxStatements: number;
  readonly maxTextBytes: number;
}

/**
 * Statements of this database by total time, one row per text: the same statement of several users, and run both at top
 * level and inside functions, is one query to the advisor. A text that is too long is `null`.
 */
export function workloadSql({
  view,
  hasExecutionTimes,
  maxStatements,
  maxTextBytes,
}: WorkloadSqlOptions): string {
  const totalMs = hasExecutionTimes ? "s.total_exec_time" : "s.total_time";
  return asJsonRows(
    "workload",
    `
  SELECT
    CASE WHEN pg_catalog.octet_length(g.query) <= ${maxTextBytes} THEN g.query END AS text,
    g.calls, g.total_ms, g.rows
  FROM (
    SELECT s.query, pg_catalog.sum(s.calls) AS calls, pg_catalog.sum(${totalMs}) AS total_ms, pg_catalog.sum(s.rows) AS rows
    FROM ${view} AS s
    WHERE s.dbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
      AND s.query NOT LIKE '%/* ${STATEMENT_MARK}%'
      AND s.query !~* '^\\s*(begin|commit|rollback|end|start|set|reset|show|savepoint|release|discard|deallocate|listen|unlisten|notify|vacuum|analyze|create|alter|drop|grant|revoke|truncate|copy|lock|checkpoint|comment|do|call|explain|fetch|close|move)\\M'
    GROUP BY s.query) AS g
  ORDER BY g.total_ms DESC
  LIMIT ${maxStatements}`,
  );
}
