import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type {
  ColumnStatistics,
  DatabaseSnapshot,
  Index,
  Relation,
} from "../../src/snapshot/database-snapshot.ts";
import { quoteIdentifier } from "../../src/snapshot/identifier.ts";
import { takeSnapshot } from "../../src/snapshot/take-snapshot.ts";
import { ODD_SCHEMA } from "../odd-schema.ts";
import { snapshotOf, withClient } from "../snapshot-of.ts";

let database: TestDatabase;
let snapshot: DatabaseSnapshot;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(ODD_SCHEMA);
  snapshot = await snapshotOf(database.url, { clock: { now: () => 1_700_000_000_000 } });
});

afterAll(async () => {
  await database.drop();
});

function relation(schema: string, name: string): Relation {
  const found = snapshot.relations.find((each) => each.schema === schema && each.name === name);
  if (found === undefined) throw new Error(`no relation ${schema}.${name}`);
  return found;
}

function index(name: string): Index {
  const found = snapshot.indexes.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no index ${name}`);
  return found;
}

function statistics(
  relationName: string,
  column: string,
  isInherited = false,
): ColumnStatistics | undefined {
  return snapshot.columnStatistics.find(
    (each) =>
      each.schema === "public" &&
      each.relation === relationName &&
      each.column === column &&
      each.inherited === isInherited,
  );
}

test("a superuser misses nothing", () => {
  expect(snapshot.visibility).toEqual({ role: "postgres", isSuperuser: true, hidden: [] });
});

test("the snapshot says when and of what it was taken", () => {
  expect(snapshot).toMatchObject({
    schemaVersion: 1,
    capturedAtMs: 1_700_000_000_000,
    values: "real",
    server: { isInRecovery: false, blockSizeBytes: 8192 },
    database: { name: database.name, encoding: "UTF8" },
    searchPath: ["public"],
  });
  expect(Math.floor(snapshot.server.versionNumber / 10_000)).toBe(18);
});

test("libc's C.UTF-8 is not byte-ordered, as the planner refuses a plain B-tree for LIKE there", async () => {
  const plan = await withClient(database.url, async (client) => {
    await client.query("BEGIN");
    await client.query("SET LOCAL enable_seqscan = off");
    const { rows } = await client.query<{ readonly "QUERY PLAN": string }>(
      "EXPLAIN (COSTS OFF) SELECT * FROM users WHERE email LIKE 'u12%'",
    );
    await client.query("ROLLBACK");
    return rows.map((row) => row["QUERY PLAN"]).join("\n");
  });
  expect(plan.includes("Index Cond")).toBe(snapshot.database.isByteOrdered);
});

test("user schemas are listed, PostgreSQL's own and extensions' objects are not", () => {
  expect(snapshot.schemas).toEqual(["public", 'We"ird.Schéma', "other"]);
  const schemas = new Set(snapshot.relations.map((each) => each.schema));
  expect([...schemas].toSorted()).toEqual(['We"ird.Schéma', "other", "public"].toSorted());
  expect(snapshot.functions.map((each) => each.name)).toEqual(["initials"]);
});

test("relations come in OID order", () => {
  const oids = snapshot.relations.map((each) => each.oid);
  expect(oids).toEqual(oids.toSorted((left, right) => left - right));
});

test("equal names in two schemas stay apart", () => {
  expect(relation("public", "users").columns).toHaveLength(13);
  expect(relation("other", "users").columns.map((column) => column.name)).toEqual(["id", "note"]);
});

test("names with quotes, dots, capitals and umlauts come as the catalog has them", () => {
  const odd = relation('We"ird.Schéma', 'T.a"ble');
  expect(odd.columns.map((column) => column.name)).toEqual(["C ol", "select", "Ünïcode"]);
  expect(odd.rows).toBe(100);
  expect(index('In"dex').keys.map((key) => key.column)).toEqual(["select", "Ünïcode"]);
});

test("columns carry type, collation, default, generation and their options", () => {
  const columns = new Map(
    relation("public", "users").columns.map((column) => [column.name, column]),
  );
  expect(columns.get("name")).toMatchObject({
    type: "character varying(20)",
    collation: 'pg_catalog."C"',
    options: ["n_distinct=-0.5"],
  });
  expect(columns.get("email")).toMatchObject({ collation: null, statisticsTarget: 50 });
  expect(columns.get("folded")?.collation).toBe("public.ignore_case");
  expect(columns.get("mood")?.type).toBe("public.mood");
  expect(columns.get("email_lower")).toMatchObject({
    generated: "stored",
    default: "lower(email)",
  });
  expect(columns.get("created_at")?.default).toBe("now()");
  expect(columns.get("id")).toMatchObject({ isNotNull: true, number: 1 });
  expect(relation("public", "users").options).toEqual(["fillfactor=90"]);
});

test("types come with DDL that makes them again, extensions' types with their extension", async () => {
  const types = new Map(snapshot.types.map((type) => [type.name, type]));
  expect(types.get("citext")).toEqual({
    schema: "public",
    name: "citext",
    kind: "base",
    ddl: null,
    extension: "citext",
  });
  const copy = await createTestDatabase();
  try {
    for (const { ddl } of [...(snapshot.collations ?? []), ...snapshot.types]) {
      if (ddl !== null) await copy.query(ddl);
    }
    expect(
      await copy
        .query(
          "SELECT (-1)::positive > 0 AS ok, ROW(1, 'x')::pair, floatrange(1, 2), 'it''s \"fine\"'::mood",
        )
        .catch((error: unknown) => String(error)),
    ).toContain("above_zero");
  } finally {
    await copy.drop();
  }
});

test("a table that was never analysed has -1 rows and its pages", () => {
  const { rows, pages, lastAnalyzedAtMs } = relation("public", "never_analyzed");
  expect(rows).toBe(-1);
  expect(pages).toBeGreaterThanOrEqual(4);
  expect(lastAnalyzedAtMs).toBeNull();
  expect(statistics("never_analyzed", "id")).toBeUndefined();
  expect(relation("public", "orders")).toMatchObject({ rows: 5_000 });
});

test("partitions know their parent, key and bound", () => {
  expect(relation("public", "events")).toMatchObject({
    kind: "partitioned",
    partitionKey: "RANGE (at)",
    rows: 400,
  });
  expect(relation("public", "events_2024")).toMatchObject({
    parents: [{ schema: "public", name: "events" }],
    partitionBound: "FOR VALUES FROM ('2024-01-01 00:00:00+00') TO ('2025-01-01 00:00:00+00')",
    rows: 366,
  });
  expect(relation("public", "events_rest").partitionBound).toBe("DEFAULT");
  const partitionIndex = snapshot.indexes.find((each) => each.table === "events_2024");
  expect(partitionIndex?.parent).toEqual({ schema: "public", name: "events_at" });
});

test("an inheritance child has its parent, and the parent both kinds of statistics", () => {
  expect(relation("public", "child").parents).toEqual([{ schema: "public", name: "parent" }]);
  expect(statistics("parent", "a", true)?.distinct).toBe(-1);
});

test("index keys have order, nulls, class, collation and expressions", () => {
  expect(index("orders_open")).toMatchObject({
    method: "btree",
    include: ["total"],
    predicate: "(status = 'new'::text)",
    isUnique: false,
    rows: 500,
    keys: [
      { column: "user_id", direction: "asc", nulls: "last", opclass: null },
      { column: "placed_on", direction: "desc", nulls: "last" },
    ],
  });
  expect(index("users_email_lower").keys).toEqual([
    {
      column: null,
      expression: "lower(email)",
      direction: "asc",
      nulls: "last",
      opclass: "text_pattern_ops",
      collation: null,
    },
  ]);
  expect(index("users_doc").keys[0]?.opclass).toBe("jsonb_path_ops");
  expect(index("users_nick_trgm").keys[0]?.opclass).toBe("other.gin_trgm_ops");
  expect(index("users_initials").keys[0]?.collation).toBe('pg_catalog."C"');
});

test("what an index means beyond speed is known", () => {
  expect(index("users_pkey")).toMatchObject({
    isPrimaryKey: true,
    isConstraint: true,
    isForeignKeyTarget: true,
    isReplicaIdentity: true,
  });
  expect(index("users_email_key")).toMatchObject({ isUnique: true, isConstraint: true });
  expect(index("users_name_id")).toMatchObject({ isUnique: true, isConstraint: false });
  expect(index("orders_open")).toMatchObject({ isConstraint: false, isValid: true });
});

test("constraints have columns, references and their index", () => {
  expect(snapshot.constraints).toContainEqual({
    schema: "public",
    table: "orders",
    name: "orders_user_id_fkey",
    kind: "foreign-key",
    definition: "FOREIGN KEY (user_id) REFERENCES public.users(id)",
    columns: ["user_id"],
    references: { schema: "public", table: "users", columns: ["id"] },
    index: null,
    isValidated: true,
  });
  expect(snapshot.constraints.find((each) => each.name === "users_email_key")).toMatchObject({
    kind: "unique",
    index: "users_email_key",
  });
});

test("statistics are those of pg_stats, for index expressions too", () => {
  expect(statistics("orders", "status")).toMatchObject({
    distinct: 2,
    mostCommonValues: "{done,new}",
    mostCommonFrequencies: [0.9, 0.1],
    nullFraction: 0,
  });
  expect(statistics("users_email_lower", "lower")).toMatchObject({ number: 1, distinct: -1 });
  expect(statistics("users", "tags")?.mostCommonElements).toBe("{all,t0,t1,t2,t3,t4}");
  expect(statistics("users", "valid")?.rangeBoundsHistogram).toMatch(/^\{"\[1,2\.5\)"/);
});

test("extended statistics come with their data", () => {
  expect(snapshot.extendedStatistics).toEqual([
    {
      schema: "public",
      name: "orders_pair",
      tableSchema: "public",
      table: "orders",
      ddl: "CREATE STATISTICS public.orders_pair (ndistinct, dependencies) ON user_id, status FROM public.orders",
      inherited: false,
      ndistinct: '{"2, 3": 1000}',
      dependencies: '{"2 => 3": 1.000000}',
    },
  ]);
});

test("views keep their options", () => {
  expect(snapshot.views.map((view) => view.name)).toEqual(["active_users", "guarded"]);
  expect(snapshot.views[1]?.ddl).toMatch(
    /^CREATE VIEW public\.guarded WITH \(security_barrier=true\) AS/,
  );
  expect(relation("public", "totals").kind).toBe("materialized-view");
});

test("names are quoted as PostgreSQL quotes them, every keyword too", async () => {
  const rows = await database.query(
    `SELECT name, quote_ident(name) AS quoted FROM (
       SELECT word AS name FROM pg_get_keywords() UNION ALL
       SELECT unnest(ARRAY['a b', 'A', 'a"b', '1a', '_a', 'a1$', 'ü', ''])) AS names`,
  );
  expect(rows.length).toBeGreaterThan(400);
  for (const { name, quoted } of rows) expect(quoteIdentifier(String(name))).toBe(quoted);
});

describe("an empty database", () => {
  test("gives a snapshot with no tables", async () => {
    const empty = await createTestDatabase();
    try {
      const taken = await snapshotOf(empty.url);
      expect(taken.relations).toEqual([]);
      expect(taken.indexes).toEqual([]);
      expect(taken.schemas).toEqual(["public"]);
      expect(taken.visibility.hidden).toEqual([]);
    } finally {
      await empty.drop();
    }
  });
});

describe("a database that is at work", () => {
  test("a table under an exclusive lock is left out with its views, and nothing waits for it", async () => {
    await withClient(database.url, async (blocker) => {
      await blocker.query("BEGIN");
      await blocker.query("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE");
      const taken = await snapshotOf(database.url, { lockTimeoutMs: 50 });
      await blocker.query("ROLLBACK");
      expect(taken.relations.map((each) => each.name)).not.toContain("orders");
      expect(taken.indexes.map((each) => each.table)).not.toContain("orders");
      expect(taken.views.map((each) => each.name)).toEqual(["active_users"]);
      expect(taken.visibility.hidden).toMatchObject([
        { what: "locked", object: "public.orders", grant: null },
      ]);
    });
  });

  test("an abort ends the snapshot with its reason and leaves no transaction open", async () => {
    await withClient(database.url, async (client) => {
      const abort = new AbortController();
      let sent = 0;
      const taking = takeSnapshot(client, {
        signal: abort.signal,
        onStatement: () => {
          sent += 1;
          if (sent === 30) abort.abort(new Error("enough"));
        },
      });
      await expect(taking).rejects.toThrow("enough");
      const { rows } = await client.query<{ readonly idle: boolean }>(
        "SELECT now() = statement_timestamp() AS idle",
      );
      expect(rows).toEqual([{ idle: true }]);
    });
  });

  test("a connection that is cut off is reported as such", async () => {
    const client = new Client({ connectionString: database.url });
    client.on("error", () => undefined);
    await client.connect();
    const { rows } = await client.query<{ readonly pid: number }>("SELECT pg_backend_pid() AS pid");
    let sent = 0;
    const taking = takeSnapshot({
      query: async (text) => {
        sent += 1;
        if (sent === 30) await database.query(`SELECT pg_terminate_backend(${rows[0]?.pid ?? 0})`);
        return await client.query<Record<string, unknown>>(text);
      },
    });
    await expect(taking).rejects.toMatchObject({ code: "UPSHIFT_CONNECTION_LOST" });
    await client.end().catch(() => undefined);
  });
});
