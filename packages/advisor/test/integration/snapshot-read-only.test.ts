import {
  bringPgBouncer,
  componentSkips,
  type PostgresServer,
  startPgBouncer,
  startPostgres,
} from "@upshift/services";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ODD_SCHEMA } from "../odd-schema.ts";
import { snapshotOf, withClient } from "../snapshot-of.ts";

/** What a snapshot may send: transaction control, `SET LOCAL`, and one SELECT per statement. */
const HARMLESS = /^(?:BEGIN READ ONLY\b[^;]*|SET LOCAL [^;]*|COMMIT|ROLLBACK|SELECT [^;]*)$/;
/** Functions of PostgreSQL that a SELECT could change something with. */
const CHANGES =
  /\b(?:set_config|pg_(?:advisory|terminate|cancel|reload|rotate|switch|create|drop|promote|stat_reset|stat_statements_reset|logical|replication|wal_replay|import|file|write|log_)\w*|lo_\w+|nextval|setval|dblink\w*|FOR (?:UPDATE|SHARE|NO KEY|KEY)|INTO)\b/i;

let server: PostgresServer;
const pgBouncer = await componentSkips("a snapshot through PgBouncer", () => bringPgBouncer());

beforeAll(async () => {
  server = await startPostgres({
    settings: { log_statement: "all", log_line_prefix: "%p %d> ", log_connections: "off" },
  });
  await withClient(server.url(), async (client) => {
    await client.query("CREATE DATABASE watched");
  });
  await withClient(server.url("watched"), async (client) => {
    await client.query(ODD_SCHEMA);
    await client.query("CREATE EXTENSION pg_stat_statements");
    await client.query("SELECT * FROM orders WHERE user_id = 5");
  });
});

afterAll(async () => {
  await server.stop();
});

/** Statements that the server logged while `work` ran, each on its own, whatever protocol brought it. */
async function loggedDuring(work: () => Promise<unknown>): Promise<readonly string[]> {
  const before = (await server.readLog()).length;
  await work();
  const log = (await server.readLog()).slice(before);
  return [
    ...log.matchAll(
      /^\d+ watched> LOG: {2}(?:statement|execute [^:]*): ([^]*?)(?=^\d+ \S*> |$(?![^]))/gm,
    ),
  ].map((match) => (match[1] ?? "").trim().replaceAll("\n\t", "\n"));
}

/** Rows, definitions and counters that would tell of a write. */
async function fingerprint(): Promise<unknown> {
  return await withClient(server.url("watched"), async (client) => {
    const { rows } = await client.query<Record<string, unknown>>(`
      SELECT
        (SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM orders AS t) AS rows,
        (SELECT md5(string_agg(c::text, '' ORDER BY c.oid)) FROM pg_class AS c) AS relations,
        (SELECT md5(string_agg(s::text, '' ORDER BY s::text)) FROM pg_db_role_setting AS s) AS settings,
        (SELECT md5(string_agg(n::text, '' ORDER BY n.oid)) FROM pg_namespace AS n) AS schemas`);
    return rows;
  });
}

test("a snapshot sends only transaction control, SET LOCAL and SELECT, and changes nothing", async () => {
  const before = await fingerprint();
  const logged = await loggedDuring(() => snapshotOf(server.url("watched")));
  expect(logged.length).toBeGreaterThan(40);
  expect(logged.filter((statement) => !HARMLESS.test(statement))).toEqual([]);
  expect(logged.filter((statement) => CHANGES.test(statement))).toEqual([]);
  expect(await fingerprint()).toEqual(before);
});

test("every SELECT stands inside a read-only transaction with its timeouts", async () => {
  const sent: string[] = [];
  await snapshotOf(server.url("watched"), {
    statementTimeoutMs: 12_345,
    lockTimeoutMs: 67,
    onStatement: (text) => sent.push(text),
  });
  const begins = sent.flatMap((text, at) => (text.startsWith("BEGIN") ? [at] : []));
  const transactions = begins.map((at, index) => sent.slice(at, begins[index + 1]));
  expect(transactions.length).toBeGreaterThan(2);
  for (const statements of transactions) {
    expect(statements[0]).toMatch(/^BEGIN READ ONLY/);
    expect(statements.findIndex((statement) => statement.startsWith("SELECT"))).toBeGreaterThan(
      Math.max(
        statements.indexOf("SET LOCAL statement_timeout = 12345"),
        statements.indexOf("SET LOCAL lock_timeout = 67"),
      ),
    );
    expect(statements).toContain("SET LOCAL lock_timeout = 67");
    expect(statements).toContain("SET LOCAL statement_timeout = 12345");
    expect(statements.at(-1)).toMatch(/^(?:COMMIT|ROLLBACK)$/);
  }
});

test("what is announced is what the server gets, in order", async () => {
  const sent: string[] = [];
  const logged = await loggedDuring(() =>
    snapshotOf(server.url("watched"), { onStatement: (text) => sent.push(text) }),
  );
  expect(logged).toEqual(sent.map((text) => text.trim()));
});

test("a function of the user that stands before pg_catalog on the search path is never called", async () => {
  await withClient(server.url("watched"), async (client) => {
    await client.query(`
      CREATE SCHEMA trap;
      CREATE FUNCTION trap.format_type(oid, int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
      CREATE FUNCTION trap.always(name, name) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
      CREATE OPERATOR trap.= (LEFTARG = name, RIGHTARG = name, FUNCTION = trap.always);
      ALTER DATABASE watched SET search_path = trap, pg_catalog, public;
    `);
  });
  const { visibility, searchPath } = await snapshotOf(server.url("watched"));
  expect(visibility.hidden).toEqual([]);
  expect(searchPath).toEqual(["trap", "public"]);
  await withClient(server.url("watched"), async (client) => {
    await client.query("ALTER DATABASE watched RESET search_path");
  });
});

test("a session's own leftovers do not reach the snapshot, nor does the snapshot leave any", async () => {
  await withClient(server.url("watched"), async (client) => {
    await client.query("SET work_mem = '64kB'");
    const { takeSnapshot } = await import("../../src/snapshot/take-snapshot.ts");
    const snapshot = await takeSnapshot(client, { values: "real" });
    expect(snapshot.settings.find(({ name }) => name === "work_mem")?.value).toBe("4096");
    const { rows } = await client.query<Record<string, unknown>>(
      "SELECT current_setting('work_mem') AS work_mem, current_setting('search_path') AS path, current_setting('statement_timeout') AS timeout",
    );
    expect(rows).toEqual([{ work_mem: "64kB", path: '"$user", public', timeout: "0" }]);
  });
});

test("settings of roles and the database come along, secrets in settings do not", async () => {
  await withClient(server.url("watched"), async (client) => {
    await client.query("CREATE ROLE app");
    await client.query("ALTER ROLE app SET work_mem = '64MB'");
    await client.query("ALTER DATABASE watched SET random_page_cost = 1.1");
    await client.query("ALTER DATABASE watched SET app.jwt_secret = 'MARKER-IN-A-SETTING'");
  });
  const snapshot = await snapshotOf(server.url("watched"));
  expect(snapshot.roleSettings).toContainEqual({
    role: "app",
    isForThisDatabaseOnly: false,
    name: "work_mem",
    value: "64MB",
  });
  expect(snapshot.settings).toContainEqual({
    name: "random_page_cost",
    value: "1.1",
    unit: null,
    source: "database",
  });
  expect(JSON.stringify(snapshot)).not.toContain("MARKER-IN-A-SETTING");
});

describe.skipIf(pgBouncer.isMissing)("through PgBouncer in transaction mode", () => {
  test("a snapshot is the same as without, and sends nothing else", async () => {
    const bouncer = await startPgBouncer({ server, settings: { default_pool_size: "3" } });
    try {
      const options = { clock: { now: () => 0 } };
      const direct = await snapshotOf(server.url("watched"), options);
      let pooled = direct;
      const logged = await loggedDuring(async () => {
        pooled = await snapshotOf(bouncer.url("watched"), options);
      });
      expect(logged.filter((statement) => !HARMLESS.test(statement))).toEqual([]);
      const withoutCounters = { workload: null, relations: null, indexes: null };
      expect({ ...pooled, ...withoutCounters }).toEqual({ ...direct, ...withoutCounters });
      expect(pooled.relations.map(({ oid }) => oid)).toEqual(
        direct.relations.map(({ oid }) => oid),
      );
    } finally {
      await bouncer.stop();
    }
  });
});
