import { inspect } from "node:util";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Queryable } from "../../src/connection/queryable.ts";
import type { BadRowError } from "../../src/write/write-errors.ts";
import { copyMany } from "../../src/write/copy-many.ts";
import { deleteMany } from "../../src/write/delete-many.ts";
import { insertMany } from "../../src/write/insert-many.ts";
import { updateMany } from "../../src/write/update-many.ts";
import { upsertMany } from "../../src/write/upsert-many.ts";

const SECRET = "s3cret-of-the-row";

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 2 });
});
beforeEach(async () => {
  await pool.query(`
    DROP SCHEMA IF EXISTS w CASCADE; CREATE SCHEMA w;
    CREATE TYPE w.mood AS ENUM ('glad');
    CREATE DOMAIN w.short AS varchar(3);
    CREATE DOMAIN w.positive AS int CHECK (VALUE > 0);
    CREATE TABLE w.parent (id text PRIMARY KEY);
    INSERT INTO w.parent VALUES ('p');
    CREATE TABLE w.t (
      id int PRIMARY KEY,
      code text UNIQUE,
      a int, b int,
      parent text REFERENCES w.parent,
      mood w.mood, short w.short, positive w.positive,
      tag varchar(4), doc jsonb, at timestamptz, matrix int[], raw bytea,
      total int GENERATED ALWAYS AS (a + b) STORED,
      CONSTRAINT a_below_b CHECK (a < b),
      UNIQUE (a, b),
      EXCLUDE USING gist (int4range(a, b) WITH &&)
    );
    CREATE FUNCTION w.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.tag = 'bad' THEN RAISE EXCEPTION 'refused: %', NEW.code; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON w.t FOR EACH ROW EXECUTE FUNCTION w.refuse();
  `);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

type Row = Record<string, unknown>;
const good = (count: number): Row[] =>
  Array.from({ length: count }, (_, id) => ({
    id,
    code: `c${id}`,
    a: id * 10,
    b: id * 10 + 5,
    parent: "p",
  }));

const BAD = 83;

/** A row that cannot be written, the columns at fault, and the server's code where it is the server that says so. */
const CASES: readonly (readonly [
  what: string,
  bad: Row,
  columns: readonly string[],
  sqlState: string | undefined,
])[] = [
  ["no integer", { a: SECRET }, ["a"], "22P02"],
  ["out of range", { a: 3e10 }, ["a"], "22003"],
  ["no label of the enum", { mood: SECRET }, ["mood"], "22P02"],
  ["too long", { tag: SECRET }, ["tag"], "22001"],
  ["too long for the domain", { short: SECRET }, ["short"], "22001"],
  ["breaks the domain's check", { positive: -1 }, ["positive"], "23514"],
  ["no timestamp", { at: SECRET }, ["at"], "22007"],
  ["no such day", { at: "2024-02-31" }, ["at"], "22008"],
  ["ragged array", { matrix: [[1, 2], [3]] }, ["matrix"], "22P02"],
  ["NUL in jsonb", { doc: { [SECRET]: "\u0000" } }, ["doc"], "22P05"],
  ["half a pair in jsonb", { doc: "\ud800" }, ["doc"], "22P02"],
  ["odd hexadecimal digits", { raw: "\\xabc" }, ["raw"], "22023"],
  ["NULL in the key", { id: null }, ["id"], "23502"],
  ["unique in the input", { code: "c3" }, ["code"], "23505"],
  ["unique over two columns", { a: 30, b: 35 }, ["a", "b"], "23505"],
  ["overlaps another", { a: 31, b: 33 }, [], "23P01"],
  ["check over two columns", { a: 9_005, b: 9_000 }, ["a", "b"], "23514"],
  ["no such parent", { parent: SECRET }, ["parent"], "23503"],
  ["a trigger's own words", { tag: "bad", code: SECRET }, [], "P0001"],
  [
    "too large for its index",
    { code: SECRET.repeat(20_000) + Array.from({ length: 20_000 }, Math.random).join("") },
    [],
    "54000",
  ],
  ["NUL in text", { code: `a\0${SECRET}` }, ["code"], undefined],
  ["half a pair in text", { code: `a\udfff${SECRET}` }, ["code"], undefined],
  ["an invalid Date", { at: new Date(Number.NaN) }, ["at"], undefined],
  ["bytes in a column of another type", { code: Buffer.from(SECRET) }, ["code"], undefined],
  ["a circle as JSON", { doc: circle() }, ["doc"], undefined],
  ["a bigint as JSON", { doc: { big: 1n } }, ["doc"], undefined],
  ["a function", { code: () => SECRET }, ["code"], undefined],
  ["a symbol", { code: Symbol(SECRET) }, ["code"], undefined],
  ["a computed column", { total: 5 }, ["total"], undefined],
];

function circle(): object {
  const round: Record<string, unknown> = { name: SECRET };
  round["self"] = round;
  return round;
}

const WRITES: readonly (readonly [
  string,
  (db: Queryable, rows: readonly Row[]) => Promise<unknown>,
])[] = [
  ["UNNEST", (db, rows) => insertMany(db, "w.t", rows)],
  [
    "UNNEST in chunks with results",
    (db, rows) => insertMany(db, "w.t", rows, { chunk: 30, returning: "*" }),
  ],
  ["COPY", (db, rows) => copyMany(db, "w.t", rows)],
  [
    "DO NOTHING through a stage",
    (db, rows) => insertMany(db, "w.t", rows, { onConflict: "nothing", copyFrom: 1 }),
  ],
  ["upsert", (db, rows) => upsertMany(db, "w.t", rows, { conflict: ["id"] })],
  [
    "upsert through a stage",
    (db, rows) => upsertMany(db, "w.t", rows, { conflict: ["id"], copyFrom: 1 }),
  ],
];

describe.each(WRITES)("%s", (way, write) => {
  test.each(CASES)("%s", async (what, bad, columns, sqlState) => {
    if (way.startsWith("DO NOTHING") && (sqlState === "23505" || sqlState === "23P01")) return;
    const rows = good(120).with(BAD, { ...good(120)[BAD], ...bad });
    const error = await write(pool, rows).then(
      () => {
        throw new Error(`${what} was written`);
      },
      (failure: unknown) => failure as BadRowError,
    );
    expect(error).toMatchObject({ code: "UPSHIFT_BAD_ROW", index: BAD, sqlState });
    expect(error.columns.toSorted()).toEqual(columns.toSorted());
    expect(error.column).toBe(columns.length === 1 ? columns[0] : undefined);
    const shown =
      inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error) + String(error.stack);
    expect(shown).not.toContain(SECRET);
    expect((await pool.query("SELECT FROM w.t")).rowCount).toBe(0);
    expect(pool.idleCount).toBe(pool.totalCount);
  });
});

test("the first bad row is told, of several of different kinds", async () => {
  const rows = good(100)
    .with(90, { id: "x" })
    .with(40, { ...good(100)[40], parent: "nobody" })
    .with(70, { ...good(100)[70], code: "c1" });
  await expect(insertMany(pool, "w.t", rows)).rejects.toMatchObject({ code: "UPSHIFT_BAD_ROW" });
  await expect(
    insertMany(
      pool,
      "w.t",
      good(100)
        .with(90, { ...good(100)[90], a: "x" })
        .with(40, { ...good(100)[40], parent: "nobody" }),
    ),
  ).rejects.toMatchObject({ index: 40, column: "parent" });
});

test("what is no row is told by its index", async () => {
  for (const bad of [null, undefined, 7, "text", [1]])
    for (const write of [insertMany, copyMany])
      await expect(write(pool, "w.t", [{ id: 1 }, bad as object])).rejects.toMatchObject({
        code: "UPSHIFT_BAD_ROW",
        index: 1,
        column: undefined,
      });
});

test("a row of a table that refers to itself is bad only when what it refers to is nowhere", async () => {
  await pool.query(
    "CREATE TABLE w.tree (id int PRIMARY KEY, up int REFERENCES w.tree, v int CHECK (v < 100))",
  );
  const chain = Array.from({ length: 50 }, (_, id) => ({ id, up: id < 49 ? id + 1 : null, v: id }));
  await insertMany(pool, "w.tree", chain);
  await pool.query("TRUNCATE w.tree");
  await expect(
    insertMany(pool, "w.tree", chain.with(30, { id: 30, up: 31, v: 100 })),
  ).rejects.toMatchObject({
    index: 30,
    column: "v",
  });
  await expect(
    insertMany(pool, "w.tree", chain.with(49, { id: 49, up: 77, v: 0 })),
  ).rejects.toMatchObject({
    code: "UPSHIFT_BAD_ROW",
    column: "up",
    sqlState: "23503",
  });
  expect((await pool.query("SELECT FROM w.tree")).rowCount).toBe(0);
});

test("a constraint that is checked at the end of the transaction still refuses everything", async () => {
  await pool.query(
    "CREATE TABLE w.late (id int PRIMARY KEY, parent text REFERENCES w.parent DEFERRABLE INITIALLY DEFERRED)",
  );
  for (const write of [insertMany, copyMany])
    await expect(
      write(pool, "w.late", [
        { id: 1, parent: "p" },
        { id: 2, parent: "x" },
      ]),
    ).rejects.toThrow(/late_parent_fkey/);
  expect((await pool.query("SELECT FROM w.late")).rowCount).toBe(0);
  expect(pool.idleCount).toBe(pool.totalCount);
});

test("a partition's own constraint is told by the table's column", async () => {
  await pool.query(`
    CREATE TABLE w.parts (id int, v int) PARTITION BY RANGE (id);
    CREATE TABLE w.parts_1 PARTITION OF w.parts (CONSTRAINT small CHECK (v < 10)) FOR VALUES FROM (0) TO (100);
  `);
  for (const write of [insertMany, copyMany]) {
    await expect(
      write(pool, "w.parts", [
        { id: 1, v: 1 },
        { id: 2, v: 11 },
      ]),
    ).rejects.toMatchObject({
      index: 1,
      column: "v",
      constraint: "small",
    });
    await expect(
      write(pool, "w.parts", [
        { id: 1, v: 1 },
        { id: 200, v: 1 },
      ]),
    ).rejects.toMatchObject({ index: 1 });
  }
});

test("row-level security: a row that the policy refuses is told, and COPY gives way to INSERT", async () => {
  await pool.query(`
    CREATE TABLE w.secured (id int, owner text);
    ALTER TABLE w.secured ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON w.secured USING (owner = 'me');
    DROP ROLE IF EXISTS write_bad_row;
    CREATE ROLE write_bad_row LOGIN PASSWORD 'x';
    GRANT USAGE ON SCHEMA w TO write_bad_row; GRANT ALL ON ALL TABLES IN SCHEMA w TO write_bad_row;
  `);
  const role = new Pool({ connectionString: database.urlAs("write_bad_row", "x"), max: 1 });
  const mine = { id: 1, owner: "me" };
  for (const write of [insertMany, copyMany]) {
    expect(await write(role, "w.secured", [mine])).toMatchObject({ rowCount: 1 });
    await expect(write(role, "w.secured", [mine, { id: 2, owner: SECRET }])).rejects.toMatchObject({
      code: "UPSHIFT_BAD_ROW",
      index: 1,
      sqlState: "42501",
    });
  }
  await pool.query("REVOKE INSERT ON w.t FROM write_bad_row");
  await expect(insertMany(role, "w.t", good(2))).rejects.toMatchObject({ code: "42501" });
  await role.end();
  await pool.query("DROP OWNED BY write_bad_row; DROP ROLE write_bad_row");
});

test("updates and deletes: bad values and bad keys", async () => {
  await insertMany(pool, "w.t", good(60));
  const updates = good(60).map(({ id }): Row => ({ id, tag: "x" }));
  for (const [bad, column] of [
    [{ id: 5, a: SECRET }, "a"],
    [{ id: SECRET, a: 1 }, "id"],
    [{ id: 5, tag: SECRET }, "tag"],
    [{ id: 5, code: "c7" }, "code"],
    [{ id: 5, total: 1 }, "total"],
    [{ tag: "x" }, "id"],
    [{ id: undefined, tag: "x" }, "id"],
  ] as const)
    await expect(updateMany(pool, "w.t", updates.with(33, bad))).rejects.toMatchObject({
      code: "UPSHIFT_BAD_ROW",
      index: 33,
      column,
    });
  expect((await pool.query("SELECT FROM w.t WHERE tag IS NOT NULL")).rowCount).toBe(0);
  for (const bad of [SECRET, 3e10, undefined, { wrong: 1 }])
    await expect(deleteMany(pool, "w.t", [1, 2, bad])).rejects.toMatchObject({
      code: "UPSHIFT_BAD_ROW",
      index: 2,
      column: "id",
    });
  expect((await pool.query("SELECT FROM w.t")).rowCount).toBe(60);
});

test("identity columns: refused, written or ignored, the same by every way", async () => {
  await pool.query(
    "CREATE TABLE w.ids (id int GENERATED ALWAYS AS IDENTITY, other int GENERATED BY DEFAULT AS IDENTITY, v int)",
  );
  const ids = async () => (await pool.query("SELECT id, other FROM w.ids ORDER BY v")).rows;
  for (const write of [insertMany, copyMany]) {
    await pool.query("TRUNCATE w.ids RESTART IDENTITY");
    await expect(write(pool, "w.ids", [{ v: 1 }, { id: 7, v: 2 }])).rejects.toMatchObject({
      code: "UPSHIFT_BAD_ROW",
      index: 1,
      column: "id",
    });
    await write(pool, "w.ids", [{ id: 7, other: 70, v: 1 }], { overriding: "system" });
    await write(pool, "w.ids", [{ id: 8, other: 80, v: 2 }], { overriding: "user" });
    await write(pool, "w.ids", [{ other: 90, v: 3 }]);
    expect(await ids()).toEqual([
      { id: 7, other: 70 },
      { id: 1, other: 1 },
      { id: 2, other: 90 },
    ]);
  }
});
