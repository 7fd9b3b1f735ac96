import { PGlite } from "@electric-sql/pglite";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import type { Queryable } from "../../src/connection/queryable.ts";
import type { WrittenChunk } from "../../src/write/write-errors.ts";
import { createPool } from "../../src/pool/create-pool.ts";
import { transaction } from "../../src/pool/transaction.ts";
import { copyMany } from "../../src/write/copy-many.ts";
import { deleteMany } from "../../src/write/delete-many.ts";
import { insertMany } from "../../src/write/insert-many.ts";
import { updateMany } from "../../src/write/update-many.ts";
import { upsertMany } from "../../src/write/upsert-many.ts";

let database: TestDatabase;
let pool: Pool;
let lite: PGlite;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 2 });
  lite = await PGlite.create();
}, 120_000);
beforeEach(async () => {
  for (const db of [pool, lite] as readonly Queryable[]) {
    await db.query("DROP TABLE IF EXISTS t");
    await db.query("CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL)");
  }
});
afterAll(async () => {
  await pool.end();
  await lite.close();
  await database.drop();
});

const rows = (count: number) => Array.from({ length: count }, (_, id) => ({ id, v: id }));
const count = async (db: Queryable = pool): Promise<unknown> =>
  (await db.query("SELECT count(*)::int AS n FROM t")).rows[0].n;

async function* stream<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

const DATABASES: readonly (readonly [string, () => Queryable])[] = [
  ["pg", () => pool],
  ["PGlite", () => lite],
];

describe.each(DATABASES)("atomic: false on %s", (_, db) => {
  test.each([
    ["insertMany", insertMany],
    ["copyMany", copyMany],
  ])("%s: what is written stays, and the error says up to where", async (_name, write) => {
    const bad = rows(100).with(57, { id: 3, v: 0 });
    const chunks: WrittenChunk[] = [];
    const failure = write(db(), "t", bad, {
      atomic: false,
      chunk: 20,
      onChunk: (chunk) => chunks.push(chunk),
    });
    await expect(failure).rejects.toMatchObject({
      code: "UPSHIFT_PARTIAL_WRITE",
      resumeAt: 40,
      written: [
        { firstIndex: 0, inputCount: 20, rowCount: 20 },
        { firstIndex: 20, inputCount: 20, rowCount: 20 },
      ],
      cause: { code: "UPSHIFT_BAD_ROW", index: 57, column: "id" },
    });
    expect(chunks).toHaveLength(2);
    expect(await count(db())).toBe(40);
    // From there on, without the bad one, all is well.
    await write(
      db(),
      "t",
      bad.filter((_row, index) => index >= 40 && index !== 57),
      { atomic: false, chunk: 20 },
    );
    expect(await count(db())).toBe(99);
  });

  test("the same of a source that is read once, of what the source throws, and of rows refused before they are sent", async () => {
    async function* failing() {
      yield* rows(50);
      throw new Error("no more");
    }
    await expect(
      insertMany(db(), "t", failing(), { atomic: false, chunk: 20 }),
    ).rejects.toMatchObject({
      resumeAt: 40,
      cause: { message: "no more" },
    });
    expect(await count(db())).toBe(40);
    const refused: object[] = rows(100).with(75, { id: "a\0", v: 1 } as never);
    await expect(
      upsertMany(db(), "t", refused, { conflict: ["id"], atomic: false, chunk: 30 }),
    ).rejects.toMatchObject({ resumeAt: 60, cause: { index: 75, column: "id" } });
  });

  test("results keep their places over all chunks", async () => {
    const { rows: inserted, rowCount } = await insertMany(db(), "t", stream(rows(50)), {
      atomic: false,
      chunk: 7,
      returning: ["v"],
    });
    expect(rowCount).toBe(50);
    expect(inserted.map((row) => row?.["v"])).toEqual(rows(50).map(({ v }) => v));
    const updates = [...rows(20), ...rows(5)].map(({ id }, index) => ({ id, v: index + 1_000 }));
    const updated = await updateMany(db(), "t", updates, {
      atomic: false,
      chunk: 6,
      returning: ["v"],
    });
    expect(updated.rows.map((row) => row?.["v"])).toEqual(updates.map(({ v }) => v));
    const deleted = await deleteMany(db(), "t", stream([1, 2, 1, 99]), {
      atomic: false,
      chunk: 2,
      returning: ["id"],
    });
    expect(deleted.rows).toEqual([{ id: 1 }, { id: 2 }, null, null]);
  });

  test("an abort keeps its reason, and what was told as written is", async () => {
    const abort = new AbortController();
    let told = 0;
    const writing = insertMany(db(), "t", rows(100), {
      atomic: false,
      chunk: 10,
      signal: abort.signal,
      onChunk: ({ rowCount }) => {
        told += rowCount;
        if (told === 30) abort.abort(new Error("enough"));
      },
    });
    await expect(writing).rejects.toThrow("enough");
    expect(told).toBe(30);
    expect(await count(db())).toBe(30);
  });
});

describe.each(DATABASES)("%s", (_, db) => {
  test("arrays, sets, generators and async iterables are all rows", async () => {
    const sources = [
      rows(3),
      new Set(rows(3)),
      rows(3).values(),
      stream(rows(3)),
      new Map(rows(3).map((row) => [row.id, row])).values(),
    ];
    for (const [index, source] of sources.entries()) {
      await db().query("DELETE FROM t");
      expect(await (index % 2 === 0 ? insertMany : copyMany)(db(), "t", source)).toMatchObject({
        rowCount: 3,
      });
      expect(await count(db())).toBe(3);
    }
  });

  test("nothing in, nothing out", async () => {
    for (const nothing of [[], stream([])]) {
      expect(await insertMany(db(), "t", nothing, { returning: "*" })).toEqual({
        rowCount: 0,
        rows: [],
      });
      expect(await copyMany(db(), "t", nothing)).toEqual({ rowCount: 0 });
      expect(await upsertMany(db(), "t", nothing, { conflict: ["id"] })).toMatchObject({
        rowCount: 0,
        rows: [],
      });
      expect(await updateMany(db(), "t", nothing)).toEqual({ rowCount: 0, rows: [] });
      expect(await deleteMany(db(), "t", nothing)).toEqual({ rowCount: 0, rows: [] });
    }
  });

  test("rows larger than a chunk of bytes are cut into more chunks", async () => {
    await db().query("DROP TABLE t");
    await db().query("CREATE TABLE t (id int PRIMARY KEY, v text)");
    const large = Array.from({ length: 7 }, (_row, id) => ({ id, v: "x".repeat(3_000_000) }));
    const chunks: WrittenChunk[] = [];
    const { rows: written } = await insertMany(db(), "t", large, {
      returning: ["id"],
      onChunk: (chunk) => chunks.push(chunk),
    });
    expect(written).toEqual(large.map(({ id }) => ({ id })));
    expect(chunks.map(({ inputCount }) => inputCount)).toEqual([3, 3, 1]);
  });

  test("what onChunk throws undoes an atomic write", async () => {
    const failing = insertMany(db(), "t", rows(3), {
      onChunk: () => {
        throw new Error("stop");
      },
    });
    await expect(failing).rejects.toThrow("stop");
    expect(await count(db())).toBe(0);
  });

  test("a table that is made anew with other columns is written by what it is now", async () => {
    await insertMany(db(), "t", [{ id: 1, v: 1 }]);
    const kinds = [
      ["jsonb", { a: 1 }, '{"a": 1}'],
      ["text", "plain", "plain"],
      ["json", "text", '"text"'],
      ["text[]", ["a", "b"], "{a,b}"],
      ["text", "again", "again"],
      ["bytea", Buffer.from("a"), "\\x61"],
      ["int", 7, "7"],
    ] as const;
    for (const [index, [type, v, expected]] of kinds.entries()) {
      await db().query("DROP TABLE t");
      await db().query(
        `CREATE TABLE t (id int PRIMARY KEY, v ${type}${index % 2 === 0 ? ", extra int" : ""})`,
      );
      const write = [
        () => insertMany(db(), "t", [{ id: 1, v }]),
        () => copyMany(db(), "t", [{ id: 1, v }]),
        () => upsertMany(db(), "t", stream([{ id: 1, v }]), { conflict: ["id"] }),
        () => insertMany(db(), "t", stream([{ id: 1, v }]), { atomic: false }),
      ][index % 4];
      await write?.();
      expect((await db().query("SELECT v::text AS v FROM t")).rows).toEqual([{ v: expected }]);
      await updateMany(db(), "t", [{ id: 1, v: null }]);
      expect((await db().query("SELECT v::text AS v FROM t")).rows).toEqual([{ v: null }]);
    }
  });
});

test("a table that is swapped for another of the same columns under its name is not written by mistake", async () => {
  await insertMany(pool, "t", [{ id: 1, v: 1 }]);
  await pool.query("ALTER TABLE t RENAME TO t_old; CREATE TABLE t (id int PRIMARY KEY, v text)");
  await insertMany(pool, "t", [{ id: 2, v: "x" }]);
  expect((await pool.query("SELECT * FROM t")).rows).toEqual([{ id: 2, v: "x" }]);
  await pool.query("DROP TABLE t_old");
});

test("views are written through, and a view that COPY cannot fill takes INSERT", async () => {
  await pool.query(`
    CREATE VIEW simple AS SELECT id, v FROM t;
    CREATE VIEW computed AS SELECT id, v * 2 AS double FROM t;
    CREATE FUNCTION halve() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO t VALUES (NEW.id, NEW.double / 2); RETURN NEW; END $$;
    CREATE TRIGGER halve INSTEAD OF INSERT ON computed FOR EACH ROW EXECUTE FUNCTION halve();
  `);
  expect(await copyMany(pool, "simple", rows(3))).toEqual({ rowCount: 3 });
  const { rows: halved } = await insertMany(
    pool,
    "computed",
    [
      { id: 10, double: 8 },
      { id: 11, double: 6 },
    ],
    {
      returning: ["id", "double"],
    },
  );
  expect(halved).toEqual([
    { id: 10, double: 8 },
    { id: 11, double: 6 },
  ]);
  expect((await pool.query("SELECT v FROM t WHERE id >= 10 ORDER BY id")).rows).toEqual([
    { v: 4 },
    { v: 3 },
  ]);
  await pool.query("DROP VIEW simple; DROP VIEW computed; DROP FUNCTION halve");
});

test("a role without temporary tables upserts a stream all the same", async () => {
  await pool.query(`
    DROP ROLE IF EXISTS write_parts;
    CREATE ROLE write_parts LOGIN PASSWORD 'x';
    REVOKE TEMPORARY ON DATABASE ${database.name} FROM PUBLIC;
    GRANT ALL ON t TO write_parts;
  `);
  const role = new Pool({ connectionString: database.urlAs("write_parts", "x"), max: 1 });
  expect(await upsertMany(role, "t", stream(rows(30)), { conflict: ["id"] })).toMatchObject({
    rowCount: 30,
  });
  expect(await insertMany(role, "t", stream(rows(40)), { onConflict: "nothing" })).toMatchObject({
    rowCount: 10,
  });
  await role.end();
  await pool.query("DROP OWNED BY write_parts; DROP ROLE write_parts");
});

test("one set of columns is one prepared statement, whatever the rows and their order", async () => {
  const one = new Pool({ connectionString: database.url, max: 1 });
  await insertMany(one, "t", rows(10));
  await insertMany(one, "t", [{ v: 5, id: 100 }]);
  await insertMany(one, "t", rows(200).slice(150), { chunk: 20 });
  const { rows: prepared } = await one.query(
    "SELECT count(*)::int AS n FROM pg_prepared_statements WHERE statement LIKE 'INSERT%'",
  );
  expect(prepared).toEqual([{ n: 1 }]);
  await one.end();
});

test("wrong options are refused before anything is done", async () => {
  const wrong: readonly object[] = [
    { chunk: 0 },
    { chunk: 1.5 },
    { chunk: "5" },
    { copyFrom: 0 },
    { copyFrom: Number.NaN },
    { atomic: "yes" },
    { onConflict: "update" },
    { overriding: "SYSTEM VALUE; DROP TABLE t" },
    { returning: [] },
  ];
  for (const options of wrong)
    await expect(insertMany(pool, "t", rows(1), options)).rejects.toMatchObject({
      code: "UPSHIFT_INVALID_ARGUMENT",
    });
  await expect(insertMany(pool, "t", rows(1), { returning: ["nothing"] })).rejects.toMatchObject({
    code: "UPSHIFT_UNKNOWN_COLUMN",
  });
  await expect(insertMany(pool, "t", 7 as never)).rejects.toMatchObject({
    code: "UPSHIFT_INVALID_ARGUMENT",
  });
  for (const key of [["v"], [], ["nothing"]])
    await expect(updateMany(pool, "t", rows(1), { key })).rejects.toMatchObject({
      code: expect.stringMatching(/INVALID_ARGUMENT|UNKNOWN_COLUMN/),
    });
  expect(await count()).toBe(0);
});

test("rows have the type that the caller names", async () => {
  interface Stored {
    readonly id: number;
  }
  const result = await insertMany<Stored>(pool, "t", rows(1), { returning: ["id"] });
  expectTypeOf(result.rows).toEqualTypeOf<readonly (Stored | null)[]>();
  expect(result.rows[0]?.id).toBe(0);
});

/** Lets the table note by which statements it is filled. */
async function watchStatements(): Promise<() => Promise<readonly string[]>> {
  await pool.query(`
    DROP TABLE IF EXISTS seen; CREATE TABLE seen (n serial, word text);
    CREATE OR REPLACE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO seen (word) VALUES (split_part(current_query(), ' ', 1)); RETURN NULL; END $$;
    CREATE TRIGGER note AFTER INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION note();
  `);
  return async () =>
    (await pool.query("SELECT word FROM seen ORDER BY n")).rows.map(({ word }) => String(word));
}

test("20,000 rows and more go through COPY, fewer do not", async () => {
  const statements = await watchStatements();
  await insertMany(pool, "t", rows(19_999));
  expect(await statements()).toEqual(["INSERT", "INSERT", "INSERT", "INSERT"]);
  await pool.query("TRUNCATE t, seen");
  expect(await insertMany(pool, "t", rows(20_000))).toEqual({ rowCount: 20_000, rows: [] });
  expect(await statements()).toEqual(["COPY"]);
});

test("a pool of createPool copies as pg's own does, and so does its transaction", async () => {
  const own = createPool({ primary: database.url, max: 2 });
  const statements = await watchStatements();
  expect(await copyMany(own, "t", rows(100))).toEqual({ rowCount: 100 });
  expect(await statements()).toEqual(["COPY"]);
  const failing = transaction(own, async (tx) => {
    await expect(
      insertMany(tx, "t", [
        { id: 500, v: 1 },
        { id: 3, v: 1 },
      ]),
    ).rejects.toMatchObject({ index: 1 });
    expect(await upsertMany(tx, "t", stream(rows(110)), { conflict: ["id"] })).toMatchObject({
      rowCount: 110,
    });
    expect(await copyMany(tx, "t", rows(120).slice(110))).toEqual({ rowCount: 10 });
    const words = await tx.query("SELECT word FROM seen ORDER BY n DESC LIMIT 1");
    expect(words.rows).toEqual([{ word: "COPY" }]);
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(await count()).toBe(100);
  await own.end();
});
