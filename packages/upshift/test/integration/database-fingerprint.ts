import { Client } from "pg";

/**
 * Everything of a server that a command could have changed, as text: schema, contents and settings of the database, roles,
 * and the next transaction id, which moves with the first write of any transaction.
 */
export async function fingerprintOf(url: string): Promise<Readonly<Record<string, string>>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const fingerprint: Record<string, string> = {};
    for (const [name, sql] of Object.entries({ ...CATALOGS, ...(await contentsOf(client)) })) {
      const { rows } = await client.query<{ readonly value: string | null }>(sql);
      fingerprint[name] = rows[0]?.value ?? "";
    }
    return fingerprint;
  } finally {
    await client.end();
  }
}

/** One checksum of all rows, in a fixed order. */
function checksum(from: string): string {
  return `SELECT md5(coalesce(string_agg(line, E'\\n' ORDER BY line), '')) AS value FROM (SELECT t::text AS line FROM ${from} t) lines`;
}

const CATALOGS: Readonly<Record<string, string>> = {
  "transaction id": "SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS value",
  settings: checksum("(SELECT name, setting, reset_val, source FROM pg_settings) "),
  "role and database settings": checksum("pg_db_role_setting"),
  roles: checksum("(SELECT rolname, rolsuper, rolconfig, rolcanlogin FROM pg_roles)"),
  databases: checksum("(SELECT oid, datname, datdba, datacl FROM pg_database)"),
  schemas: checksum("pg_namespace"),
  relations: checksum("pg_class"),
  columns: checksum("pg_attribute"),
  indexes: checksum("pg_index"),
  constraints: checksum("pg_constraint"),
  functions: checksum("(SELECT oid, proname, prosrc, proacl FROM pg_proc)"),
  types: checksum("pg_type"),
  triggers: checksum("pg_trigger"),
  statistics: checksum("(SELECT starelid, staattnum, stainherit, stadistinct FROM pg_statistic)"),
  extensions: checksum("pg_extension"),
  sequences: checksum("pg_sequences"),
};

async function contentsOf(client: Client): Promise<Readonly<Record<string, string>>> {
  const { rows } = await client.query<{ readonly name: string }>(
    "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
  );
  return Object.fromEntries(rows.map(({ name }) => [`rows of ${name}`, checksum(name)]));
}
