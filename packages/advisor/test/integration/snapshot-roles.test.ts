import { type PostgresServer, startPostgres } from "@upshift/services";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DatabaseSnapshot, HiddenFact } from "../../src/snapshot/database-snapshot.ts";
import { snapshotOf, withClient } from "../snapshot-of.ts";

/** A server of its own: roles belong to the whole server, and some of these are named as providers name theirs. */
let server: PostgresServer;

const PASSWORD = "only-for-this-test";
const ROLES = ["owner", "stats_only", "some_columns", "reads_all", "rds_user", 'O\'Brien "x"'];

beforeAll(async () => {
  server = await startPostgres();
  await withClient(server.url(), async (client) => {
    for (const role of ROLES) {
      await client.query(
        `CREATE ROLE ${client.escapeIdentifier(role)} LOGIN PASSWORD '${PASSWORD}'`,
      );
    }
    await client.query("CREATE DATABASE shop OWNER owner");
    await client.query("CREATE ROLE rds_superuser NOLOGIN");
    await client.query("GRANT pg_monitor, pg_signal_backend, pg_read_all_data TO rds_superuser");
    await client.query("GRANT rds_superuser TO rds_user");
    await client.query("GRANT pg_read_all_stats TO stats_only");
    await client.query("GRANT pg_read_all_data TO reads_all");
  });
  await withClient(server.url("shop"), async (client) => {
    await client.query("CREATE EXTENSION pg_stat_statements");
  });
  await withClient(server.url("shop", "owner", PASSWORD), async (client) => {
    await client.query(`
      CREATE TABLE orders (id int PRIMARY KEY, email text, "Total" numeric);
      INSERT INTO orders SELECT i, 'u' || i, i FROM generate_series(1, 500) AS i;
      CREATE INDEX orders_email ON orders (lower(email));
      CREATE STATISTICS orders_all (ndistinct) ON id, email FROM orders;
      CREATE TABLE never (id int) WITH (autovacuum_enabled = false);
      CREATE TABLE secrets (id int, tenant text);
      INSERT INTO secrets SELECT i, 't' || i % 3 FROM generate_series(1, 300) AS i;
      ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
      CREATE SCHEMA many;
      CREATE TABLE many.t1 (a int); CREATE TABLE many.t2 (a int); CREATE TABLE many.t3 (a int);
      CREATE TABLE many.t4 (a int); CREATE TABLE many."T 5" (a int);
      GRANT SELECT (id) ON orders TO some_columns;
      GRANT SELECT ON never TO some_columns;
      GRANT SELECT ON secrets TO some_columns;
      GRANT SELECT ON many.t1 TO some_columns;
    `);
    await client.query("ANALYZE");
    await client.query("ALTER TABLE never ADD COLUMN later int");
    await client.query("SELECT * FROM orders WHERE email = 'u7'");
  });
});

afterAll(async () => {
  await server.stop();
});

function snapshotAs(role: string): Promise<DatabaseSnapshot> {
  return snapshotOf(server.url("shop", role, PASSWORD));
}

function grants(hidden: readonly HiddenFact[]): readonly (string | null)[] {
  return hidden.map(({ grant }) => grant);
}

function tablesWithStatistics(snapshot: DatabaseSnapshot): readonly string[] {
  return [...new Set(snapshot.columnStatistics.map(({ relation }) => relation))].toSorted();
}

test("the owner sees all of its own, but no text of other roles' statements", async () => {
  const snapshot = await snapshotAs("owner");
  expect(snapshot.visibility.hidden.map(({ what }) => what)).toEqual(["workload-text"]);
  expect(grants(snapshot.visibility.hidden)).toEqual(["GRANT pg_read_all_stats TO owner;"]);
  expect(tablesWithStatistics(snapshot)).toEqual(["orders", "orders_email", "secrets"]);
  expect(snapshot.extendedStatistics[0]?.ndistinct).not.toBeNull();
});

describe("a role with CONNECT and pg_read_all_stats", () => {
  test("sees the workload, no statistics, and one GRANT per table or schema", async () => {
    const snapshot = await snapshotAs("stats_only");
    expect(snapshot.columnStatistics).toEqual([]);
    expect(snapshot.workload.queries.map(({ text }) => text)).toContain(
      "SELECT * FROM orders WHERE email = $1",
    );
    expect(grants(snapshot.visibility.hidden).filter((grant) => grant !== null)).toEqual([
      "GRANT SELECT ON TABLE public.orders TO stats_only;",
      "GRANT SELECT ON TABLE public.never TO stats_only;",
      "GRANT SELECT ON ALL TABLES IN SCHEMA many TO stats_only;",
      "GRANT pg_read_all_data TO stats_only;",
    ]);
    const orders = snapshot.relations.find(({ name }) => name === "orders");
    expect(orders?.columns.every((column) => !column.hasVisibleStatistics)).toBe(true);
    expect(orders).toMatchObject({ rows: 500 });
  });

  test("sees statistics of tables after running the GRANTs that were printed", async () => {
    const before = await snapshotAs("stats_only");
    await withClient(server.url("shop"), async (client) => {
      for (const grant of grants(before.visibility.hidden)) {
        if (grant !== null) await client.query(grant);
      }
    });
    const after = await snapshotAs("stats_only");
    expect(after.visibility.hidden.map(({ what }) => what)).toEqual([
      "row-security",
      "extended-statistics",
    ]);
    expect(tablesWithStatistics(after)).toEqual(["orders", "orders_email"]);
  });
});

test("column grants are seen column by column", async () => {
  const snapshot = await snapshotAs("some_columns");
  const orders = snapshot.relations.find(({ name }) => name === "orders");
  expect(orders?.columns.map((column) => column.hasVisibleStatistics)).toEqual([
    true,
    false,
    false,
  ]);
  expect(snapshot.columnStatistics.map(({ column }) => column)).toEqual(["id"]);
  expect(grants(snapshot.visibility.hidden)).toContain(
    'GRANT SELECT (email, "Total") ON TABLE public.orders TO some_columns;',
  );
  // One table of five is readable, so the schema is not wholly hidden and its tables are named.
  expect(grants(snapshot.visibility.hidden)).toContain(
    'GRANT SELECT ON TABLE many."T 5" TO some_columns;',
  );
});

test("a readable table that was never analysed is not called hidden", async () => {
  const snapshot = await snapshotAs("some_columns");
  const never = snapshot.relations.find(({ name }) => name === "never");
  expect(never?.columns.every((column) => column.hasVisibleStatistics)).toBe(true);
  expect(snapshot.visibility.hidden.map(({ object }) => object)).not.toContain("public.never");
});

test("row-level security hides a table from all but its owner, and no GRANT is promised", async () => {
  const snapshot = await snapshotAs("reads_all");
  const hidden = snapshot.visibility.hidden.filter(({ what }) => what === "row-security");
  expect(hidden).toMatchObject([{ object: "public.secrets", grant: null }]);
  expect(hidden[0]?.reason).toContain("BYPASSRLS");
  expect(tablesWithStatistics(snapshot)).toEqual(["orders", "orders_email"]);
});

test("a user of a managed service reads by its inherited roles", async () => {
  const snapshot = await snapshotAs("rds_user");
  expect(snapshot.visibility).toMatchObject({ role: "rds_user", isSuperuser: false });
  expect(snapshot.visibility.hidden.map(({ what }) => what)).toEqual([
    "row-security",
    "extended-statistics",
  ]);
  expect(snapshot.workload.source).toBe("pg_stat_statements");
});

test("a role whose name needs quotes gets GRANTs that run", async () => {
  const snapshot = await snapshotAs('O\'Brien "x"');
  expect(grants(snapshot.visibility.hidden)).toContain(
    'GRANT SELECT ON TABLE public.orders TO "O\'Brien ""x""";',
  );
  await withClient(server.url("shop"), async (client) => {
    await client.query("BEGIN");
    for (const grant of grants(snapshot.visibility.hidden)) {
      if (grant !== null) await client.query(grant);
    }
    await client.query("ROLLBACK");
  });
});

test("where pg_stat_statements may not be read, its own GRANT is printed", async () => {
  await withClient(server.url("shop"), async (client) => {
    await client.query("REVOKE SELECT ON pg_stat_statements FROM PUBLIC");
  });
  const { workload, visibility } = await snapshotAs("some_columns");
  expect(workload).toMatchObject({ source: "none", queries: [] });
  const hidden = visibility.hidden.find(({ what }) => what === "workload");
  expect(hidden?.reason).toContain("may not read");
  expect(hidden).toMatchObject({
    object: "public.pg_stat_statements",
    grant: "GRANT SELECT ON public.pg_stat_statements TO some_columns;",
  });
});

test("without pg_stat_statements the note says how to get it from this provider", async () => {
  await withClient(server.url("shop"), async (client) => {
    await client.query("DROP EXTENSION pg_stat_statements");
  });
  const { workload } = await snapshotAs("owner");
  expect(workload).toMatchObject({ source: "none", queries: [] });
  expect(workload.note).toMatch(/RDS.*CREATE EXTENSION pg_stat_statements;.*--workload FILE\.sql/s);
});
