import { asJsonRows, epochMs, isUserSchema, type SqlScope } from "./user-objects.ts";

/** Asked first, in a form that every PostgreSQL understands. */
export const VERSION_SQL = `SELECT /* upshift: version */ pg_catalog.concat('{"version":"', pg_catalog.replace(pg_catalog.current_setting('server_version'), '"', ''), '","number":', pg_catalog.current_setting('server_version_num'), '}') AS row`;

export function serverSql({ versionNumber }: SqlScope): string {
  const [provider, icuLocale] =
    versionNumber >= 170_000
      ? ["d.datlocprovider::text", "d.datlocale"]
      : versionNumber >= 150_000
        ? ["d.datlocprovider::text", "d.daticulocale"]
        : ["'c'", "NULL"];
  return asJsonRows(
    "server",
    `
  SELECT
    pg_catalog.pg_is_in_recovery() AS is_in_recovery,
    pg_catalog.current_setting('block_size')::integer AS block_size_bytes,
    ${epochMs("s.stats_reset")} AS statistics_reset_at_ms,
    ${epochMs("pg_catalog.pg_postmaster_start_time()")} AS started_at_ms,
    d.datname AS name,
    pg_catalog.pg_encoding_to_char(d.encoding) AS encoding,
    ${provider} AS collation_provider,
    COALESCE(${icuLocale}, d.datcollate) AS collation,
    CURRENT_USER::text AS role,
    SESSION_USER::text AS session_role,
    r.rolsuper AS is_superuser
  FROM pg_catalog.pg_database AS d
  LEFT JOIN pg_catalog.pg_stat_database AS s ON s.datid = d.oid
  LEFT JOIN pg_catalog.pg_roles AS r ON r.rolname = CURRENT_USER
  WHERE d.datname = pg_catalog.current_database()`,
  );
}

export const DATABASE_SIZE_SQL: string = asJsonRows(
  "database size",
  `
  SELECT CASE
    WHEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CONNECT')
    THEN pg_catalog.pg_database_size(pg_catalog.current_database()) END AS size_bytes`,
);

export const EXTENSIONS_SQL: string = asJsonRows(
  "extensions",
  `
  SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema
  FROM pg_catalog.pg_extension AS e
  JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
  ORDER BY e.oid`,
);

export const SCHEMAS_SQL: string = asJsonRows(
  "schemas",
  `
  SELECT n.nspname AS name, pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS is_usable
  FROM pg_catalog.pg_namespace AS n
  WHERE ${isUserSchema("n")}
  ORDER BY n.oid`,
);

/** Roles whose presence tells who runs the server. */
export const PROVIDER_ROLES_SQL: string = asJsonRows(
  "provider",
  `
  SELECT r.rolname AS name
  FROM pg_catalog.pg_roles AS r
  WHERE r.rolname IN (
    'rds_superuser', 'cloudsqlsuperuser', 'supabase_admin', 'neon_superuser', 'azure_pg_admin', 'alloydbsuperuser')`,
);
