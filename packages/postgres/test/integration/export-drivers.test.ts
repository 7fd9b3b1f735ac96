import { PGlite } from "@electric-sql/pglite";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { drizzle } from "drizzle-orm/node-postgres";
import { Kysely, PostgresDialect } from "kysely";
import { Client, Pool } from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromDrizzle } from "../../src/adapters/drizzle.ts";
import { fromKysely } from "../../src/adapters/kysely.ts";
import { fromPostgresJs } from "../../src/adapters/postgres-js.ts";
import { createPool, exportRows, type Queryable, streamRows } from "../../src/index.ts";
import { Collector } from "../stream/collect.ts";

const CREATE = `
  CREATE DOMAIN large AS int8;
  CREATE DOMAIN larger AS large;
  CREATE TYPE pair AS (a int, b text);
  CREATE TABLE driven (id int PRIMARY KEY, big larger, amount numeric, at timestamptz, day date, note text, tags text[], doc jsonb, data bytea, p pair);
  INSERT INTO driven SELECT n, n + 9007199254740993, n / 8.0, '2026-01-01 00:00:00.1239+00'::timestamptz + n * interval '1 h', '2026-01-01'::date + n, 'note "' || n || E'"\\n', ARRAY['a', NULL, 'b,' || n], jsonb_build_object('n', n), decode('00ff', 'hex'), ROW(n, NULL)::pair FROM generate_series(1, 500) n;
  INSERT INTO driven (id) VALUES (0)`;

const QUERY = {
  text: 'SELECT *, id AS "1", note AS id, $2 AS x FROM driven WHERE id < $1 ORDER BY driven.id',
  values: [400, "o'x"],
};

let database: TestDatabase;
let pool: Pool;
let lite: PGlite;
beforeAll(async () => {
  [database, lite] = await Promise.all([createTestDatabase(), PGlite.create()]);
  await database.query(CREATE);
  await lite.exec(CREATE);
  pool = new Pool({ connectionString: database.url, max: 3 });
}, 120_000);
afterAll(async () => {
  await lite.close();
  await pool.end();
  await database.drop();
});

interface Opened {
  readonly db: Queryable;
  close(): Promise<unknown>;
}

const drivers: Record<string, () => Opened | Promise<Opened>> = {
  PGlite: () => ({ db: lite, close: async () => undefined }),
  "postgres.js": () => {
    const sql = postgres(database.url, { max: 2, onnotice: () => undefined });
    return { db: fromPostgresJs(sql), close: () => sql.end() };
  },
  Kysely: () => {
    const db = new Kysely<unknown>({
      dialect: new PostgresDialect({ pool: new Pool({ connectionString: database.url, max: 2 }) }),
    });
    return { db: fromKysely(db), close: () => db.destroy() };
  },
  Drizzle: () => ({ db: fromDrizzle(drizzle(pool)), close: async () => undefined }),
  createPool: () => {
    const created = createPool({ primary: database.url });
    return { db: created, close: () => created.end() };
  },
  "createPool, its reads": () => {
    const created = createPool({ primary: database.url });
    return { db: created.read, close: () => created.end() };
  },
  "a client of pg": async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    return { db: client, close: () => client.end() };
  },
  "a pipelining client of pg": async () => {
    const options = { connectionString: database.url, pipeline: true };
    const client = new Client(options);
    await client.connect();
    return { db: client, close: () => client.end() };
  },
};

describe.each(Object.keys(drivers))("with %s", (name) => {
  let opened: Opened;
  beforeAll(async () => {
    const open = drivers[name];
    if (open === undefined) throw new Error(`no driver ${name}`);
    opened = await open();
  });
  afterAll(() => opened.close());

  test.each(["ndjson", "json", "csv"] as const)("%s is what COPY gives pg", async (format) => {
    for (const types of ["js", "postgres"] as const) {
      const [expected, found] = [new Collector(), new Collector()];
      await exportRows(pool, QUERY, expected, { format, types, mode: "copy" });
      const result = await exportRows(opened.db, QUERY, found, { format, types });
      expect(found.text).toBe(expected.text);
      expect(result.rowCount).toBe(400);
    }
  });

  test("rows stream, and a break leaves the driver usable", async () => {
    const ids: unknown[] = [];
    const query = { text: "SELECT id FROM driven WHERE id >= $1::int ORDER BY id", values: [10] };
    for await (const { id } of streamRows(opened.db, query, { batchSize: 20 })) {
      if (ids.push(id) === 50) break;
    }
    expect(ids).toEqual(Array.from({ length: 50 }, (_, index) => index + 10));
    const failing = streamRows(opened.db, {
      text: "SELECT 1 / (id - 100) FROM driven ORDER BY id",
    });
    const all = async () => {
      for await (const _ of failing) ids.length = 0;
    };
    await expect(all()).rejects.toMatchObject({ code: "22012" });
    const { rows } = await opened.db.query("SELECT 1 AS one");
    expect(rows).toEqual([{ one: 1 }]);
  });

  test("a query that fails is told before anything is written", async () => {
    const collector = new Collector();
    const failing = { text: "SELECT 1 / (id - 1) FROM driven", values: [] };
    await expect(
      exportRows(opened.db, failing, collector, { format: "csv" }),
    ).rejects.toMatchObject({ code: "22012" });
    expect(collector.text).toBe("");
  });
});
