import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { drizzle } from "drizzle-orm/node-postgres";
import { Kysely, PostgresDialect } from "kysely";
import { Pool } from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { fromDrizzle } from "../../src/adapters/drizzle.ts";
import { fromKysely } from "../../src/adapters/kysely.ts";
import { fromPostgresJs } from "../../src/adapters/postgres-js.ts";
import type { Queryable } from "../../src/connection/queryable.ts";
import { copyMany } from "../../src/write/copy-many.ts";
import { deleteMany } from "../../src/write/delete-many.ts";
import { insertMany } from "../../src/write/insert-many.ts";
import { updateMany } from "../../src/write/update-many.ts";
import { upsertMany } from "../../src/write/upsert-many.ts";

let database: TestDatabase;
let pool: Pool;
let client: postgres.Sql;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 2 });
  client = postgres(database.url, { max: 2, onnotice: () => undefined });
});
beforeEach(async () => {
  await pool.query(
    "DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, a int[], j jsonb, b bytea, at timestamptz)",
  );
});
afterAll(async () => {
  await pool.end();
  await client.end();
  await database.drop();
});

const DRIVERS: readonly (readonly [string, () => Queryable])[] = [
  ["postgres.js", () => fromPostgresJs(client)],
  ["Kysely", () => fromKysely(new Kysely({ dialect: new PostgresDialect({ pool }) }))],
  ["Drizzle", () => fromDrizzle(drizzle(pool))],
];

const row = (id: number) => ({
  id,
  a: [
    [id, 2],
    [3, 4],
  ],
  j: [`x${id}`, null],
  b: Buffer.from([id % 256, 255]),
  at: new Date(id * 1_000),
});

describe.each(DRIVERS)("%s", (_, open) => {
  test("writes and returns as pg does", async () => {
    const db = open();
    const rows = Array.from({ length: 60 }, (_row, id) => row(id));
    const inserted = await insertMany(db, "t", rows.slice(0, 50), { chunk: 20, returning: ["id"] });
    expect(inserted).toEqual({ rowCount: 50, rows: rows.slice(0, 50).map(({ id }) => ({ id })) });
    const upserted = await upsertMany(db, "t", [...rows.slice(40), row(41)], {
      conflict: ["id"],
      skipUnchanged: true,
      returning: ["id"],
    });
    expect(upserted).toMatchObject({ rowCount: 10, unchangedCount: 10, duplicateCount: 1 });
    expect(upserted.rows).toEqual([...rows.slice(40).map(({ id }) => ({ id })), { id: 41 }]);
    expect(
      await updateMany(db, "t", [
        { id: 1, j: { n: 1 } },
        { id: 1, a: null },
      ]),
    ).toMatchObject({ rowCount: 2 });
    expect(await deleteMany(db, "t", [2, 2, 77], { returning: ["id"] })).toEqual({
      rowCount: 1,
      rows: [{ id: 2 }, null, null],
    });
    expect(await copyMany(db, "t", [row(100)])).toEqual({ rowCount: 1 });
    await insertMany(pool, "t", [row(200)]);
    const { rows: found } = await pool.query(
      "SELECT a, j, encode(b, 'hex') AS b, at FROM t WHERE id IN (100, 200) ORDER BY id",
    );
    expect(found.map(({ a, j, b }) => [a, j, b])).toEqual([
      [
        [
          [100, 2],
          [3, 4],
        ],
        ["x100", null],
        "64ff",
      ],
      [
        [
          [200, 2],
          [3, 4],
        ],
        ["x200", null],
        "c8ff",
      ],
    ]);
    expect(found[0].at).toEqual(new Date(100_000));
    expect((await pool.query("SELECT a, j FROM t WHERE id = 1")).rows).toEqual([
      { a: null, j: { n: 1 } },
    ]);
  });

  test("finds the bad row and writes nothing", async () => {
    const rows = Array.from({ length: 60 }, (_row, id): Record<string, unknown> => row(id));
    for (const [bad, column] of [
      [{ id: 7 }, "id"],
      [{ id: 1_000, at: "never" }, "at"],
      [{ id: null }, "id"],
    ] as const)
      await expect(insertMany(open(), "t", rows.with(33, bad))).rejects.toMatchObject({
        code: "UPSHIFT_BAD_ROW",
        index: 33,
        column,
      });
    expect((await pool.query("SELECT FROM t")).rowCount).toBe(0);
    expect(await insertMany(open(), "t", rows)).toMatchObject({ rowCount: 60 });
  });
});
