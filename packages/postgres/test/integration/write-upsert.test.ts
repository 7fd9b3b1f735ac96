import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { upsertMany } from "../../src/write/upsert-many.ts";

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 4 });
  await pool.query("CREATE EXTENSION citext");
});
beforeEach(async () => {
  await pool.query("DROP SCHEMA IF EXISTS w CASCADE; CREATE SCHEMA w");
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

/** Keys that PostgreSQL holds to be one, and beside them some that it does not. */
const KEYS: readonly {
  readonly type: string;
  readonly before?: string;
  readonly same: readonly unknown[];
  readonly others: readonly unknown[];
}[] = [
  { type: "int", same: [7, "7", 7n, " 7 "], others: [8, -7] },
  { type: "bigint", same: ["9007199254740993", 9007199254740993n], others: ["9007199254740992"] },
  { type: "citext", same: ["Ann", "ANN", "ann"], others: ["ann "] },
  { type: "text", same: ["a", "a"], others: ["A", "a "] },
  { type: "numeric", same: [1, "1.0", "1.00", "1e0"], others: ["1.001"] },
  { type: "numeric(6,2)", same: ["1.001", "1", "0.999"], others: ["1.01"] },
  {
    type: "uuid",
    same: ["A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "{a0eebc999c0b4ef8bb6d6bb9bd380a11}"],
    others: ["b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
  },
  {
    type: "timestamptz",
    same: [
      "2024-01-01T00:00:00Z",
      "2024-01-01 01:00:00+01",
      new Date("2024-01-01"),
      "Jan 1 2024 UTC",
    ],
    others: ["2024-01-01T00:00:00.000001Z"],
  },
  {
    type: "timestamptz(0)",
    same: ["2024-01-01T00:00:00.4Z", "2024-01-01T00:00:00Z"],
    others: ["2024-01-01T00:00:00.6Z"],
  },
  { type: "char(4)", same: ["ab", "ab  "], others: ["abc"] },
  { type: "varchar(3)", same: ["abc", "abc   "], others: ["ab"] },
  { type: "double precision", same: [0, "-0", "0.0"], others: [1] },
  {
    type: "jsonb",
    same: [
      { a: 1, b: 2 },
      { b: 2, a: 1.0 },
    ],
    others: [{ a: 1 }],
  },
  { type: "inet", same: ["10.0.0.1", "10.0.0.1/32"], others: ["10.0.0.1/31"] },
  { type: "bytea", same: [Buffer.from("ab"), "\\x6162"], others: [Buffer.from("abc")] },
  { type: "int[]", same: [[1, 2], "{1,2}", " { 1 , 2 }"], others: [[2, 1]] },
  {
    type: 'text COLLATE w."ci"',
    before:
      "CREATE COLLATION w.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
    same: ["Résumé", "RÉSUMÉ", "résumé"],
    others: ["resume"],
  },
  {
    type: "w.email",
    before: "CREATE DOMAIN w.email AS citext",
    same: ["A@x", "a@X"],
    others: ["b@x"],
  },
];

describe.each(KEYS)("a key of type $type", ({ type, before, same, others }) => {
  test.each([
    ["UNNEST", Number.POSITIVE_INFINITY],
    ["COPY", 1],
  ])("is what PostgreSQL compares: %s", async (_, copyFrom) => {
    if (before !== undefined) await pool.query(before);
    await pool.query(`CREATE TABLE w.t (k ${type} PRIMARY KEY, v int)`);
    const keys = [...same, ...others, ...same];
    const rows = keys.map((k, v) => ({ k, v }));
    const result = await upsertMany(pool, "w.t", rows, {
      conflict: ["k"],
      returning: ["v"],
      copyFrom,
    });
    const last = keys.length - 1;
    expect(result).toMatchObject({
      rowCount: 1 + others.length,
      duplicateCount: 2 * same.length - 1,
      unchangedCount: 0,
    });
    expect(result.rows.map((row) => row?.["v"])).toEqual(
      keys.map((_key, at) => (at >= same.length && at < same.length + others.length ? at : last)),
    );
    // The same key in the next call meets the row that is there.
    const again = await upsertMany(pool, "w.t", [{ k: same[0], v: -1 }], {
      conflict: ["k"],
      copyFrom,
    });
    expect(again).toMatchObject({ rowCount: 1, duplicateCount: 0 });
    expect((await pool.query("SELECT count(*)::int AS n FROM w.t")).rows).toEqual([
      { n: 1 + others.length },
    ]);
  });
});

describe.each([
  ["UNNEST", Number.POSITIVE_INFINITY],
  ["COPY", 1],
])("upsert by %s", (_, copyFrom) => {
  test("NULLs are as different as the index says", async () => {
    await pool.query(
      `CREATE TABLE w.a (k int UNIQUE, v int); CREATE TABLE w.b (k int UNIQUE NULLS NOT DISTINCT, v int)`,
    );
    const rows = [
      { k: null, v: 1 },
      { k: 1, v: 2 },
      { k: null, v: 3 },
    ];
    expect(await upsertMany(pool, "w.a", rows, { conflict: ["k"], copyFrom })).toMatchObject({
      rowCount: 3,
      duplicateCount: 0,
    });
    expect(
      await upsertMany(pool, "w.b", rows, { conflict: ["k"], copyFrom, returning: ["v"] }),
    ).toMatchObject({ rowCount: 2, duplicateCount: 1, rows: [{ v: 3 }, { v: 2 }, { v: 3 }] });
    expect(
      await upsertMany(pool, "w.b", rows.slice(1), {
        conflict: ["k"],
        copyFrom,
        skipUnchanged: true,
        returning: ["v"],
      }),
    ).toMatchObject({ rowCount: 0, unchangedCount: 2, rows: [{ v: 2 }, { v: 3 }] });
  });

  test("the collation that counts is the index's, not the column's", async () => {
    await pool.query(`
      CREATE COLLATION w.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      CREATE TABLE w.t (k text, v int);
      CREATE UNIQUE INDEX ON w.t (k COLLATE w.ci);
    `);
    const rows = ["a", "b", "A"].map((k, v) => ({ k, v }));
    expect(await upsertMany(pool, "w.t", rows, { conflict: ["k"], copyFrom })).toMatchObject({
      rowCount: 2,
      duplicateCount: 1,
    });
  });

  test("a key of several columns in any order, in rows with different columns", async () => {
    await pool.query(
      "CREATE TABLE w.t (a int, b citext, v int DEFAULT 9, n text, PRIMARY KEY (a, b))",
    );
    const rows = [
      { a: 1, b: "x", v: 1 },
      { a: 1, b: "y", v: 2 },
      { b: "X", a: 1, n: "last" },
    ];
    const result = await upsertMany(pool, "w.t", rows, {
      conflict: ["b", "a"],
      returning: "*",
      copyFrom,
    });
    expect(result).toMatchObject({ rowCount: 2, duplicateCount: 1 });
    expect(result.rows).toEqual([
      { a: 1, b: "X", v: 9, n: "last" },
      { a: 1, b: "y", v: 2, n: null },
      { a: 1, b: "X", v: 9, n: "last" },
    ]);
  });

  test("a row without the key gets its default, and is nobody's duplicate", async () => {
    await pool.query("CREATE TABLE w.t (id serial PRIMARY KEY, v int)");
    const rows = [{ v: 1 }, { v: 2 }, { id: 100, v: 3 }, { v: 4 }];
    const result = await upsertMany(pool, "w.t", rows, {
      conflict: ["id"],
      returning: ["v"],
      copyFrom,
    });
    expect(result).toMatchObject({ rowCount: 4, duplicateCount: 0 });
    expect(result.rows).toEqual([{ v: 1 }, { v: 2 }, { v: 3 }, { v: 4 }]);
  });

  test("what is updated is what `update` names; what is there stays with []", async () => {
    await pool.query(
      "CREATE TABLE w.t (k int PRIMARY KEY, a int, b int, c int GENERATED ALWAYS AS (a + 1) STORED)",
    );
    await pool.query("INSERT INTO w.t VALUES (1, 10, 20)");
    const rows = [
      { k: 1, a: 11, b: 21 },
      { k: 2, a: 12, b: 22 },
    ];
    const options = { conflict: ["k"], returning: "*", copyFrom } as const;
    const partly = await upsertMany(pool, "w.t", rows, { ...options, update: ["a"] });
    expect(partly.rows).toEqual([
      { k: 1, a: 11, b: 20, c: 12 },
      { k: 2, a: 12, b: 22, c: 13 },
    ]);
    const none = await upsertMany(
      pool,
      "w.t",
      [
        { k: 2, a: 0, b: 0 },
        { k: 3, a: 0, b: 0 },
      ],
      {
        ...options,
        update: [],
      },
    );
    expect(none).toMatchObject({ rowCount: 1, unchangedCount: 1 });
    expect(none.rows).toEqual([
      { k: 2, a: 12, b: 22, c: 13 },
      { k: 3, a: 0, b: 0, c: 1 },
    ]);
    for (const update of [["c"], ["nothing"]])
      await expect(upsertMany(pool, "w.t", rows, { ...options, update })).rejects.toMatchObject({
        code: expect.stringMatching(/INVALID_ARGUMENT|UNKNOWN_COLUMN/),
      });
  });

  test("unchanged means unchanged: types without equality are compared, changes that equality does not see are written", async () => {
    await pool.query(
      "CREATE TABLE w.t (k int PRIMARY KEY, j json, p point, c citext, n numeric, x text)",
    );
    const row = { k: 1, j: { a: 1 }, p: "(1,2)", c: "a", n: "1.0", x: null };
    const options = { conflict: ["k"], skipUnchanged: true, copyFrom };
    await upsertMany(pool, "w.t", [row], options);
    const xmin = async () => (await pool.query("SELECT xmin::text AS xmin FROM w.t")).rows[0].xmin;
    const before = await xmin();
    expect(await upsertMany(pool, "w.t", [row], options)).toMatchObject({
      rowCount: 0,
      unchangedCount: 1,
    });
    expect(await xmin()).toBe(before);
    for (const change of [
      { j: { a: 2 } },
      { p: "(1,3)" },
      { c: "A" },
      { n: "1.00" },
      { x: "" },
      { x: null },
    ])
      expect(await upsertMany(pool, "w.t", [{ ...row, ...change }], options)).toMatchObject({
        rowCount: 1,
      });
  });

  test("keys that a trigger makes equal are written one after the other", async () => {
    await pool.query(`
      CREATE TABLE w.t (k text PRIMARY KEY, v int);
      CREATE FUNCTION w.lower_key() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.k := lower(NEW.k); RETURN NEW; END $$;
      CREATE TRIGGER lower_key BEFORE INSERT ON w.t FOR EACH ROW EXECUTE FUNCTION w.lower_key();
    `);
    const rows = ["A", "b", "a", "B", "c", "A"].map((k, v) => ({ k, v }));
    const options = { conflict: ["k"], copyFrom, update: ["v"] };
    await upsertMany(pool, "w.t", rows, options);
    expect((await pool.query("SELECT k, v FROM w.t ORDER BY k")).rows).toEqual([
      { k: "a", v: 5 },
      { k: "b", v: 3 },
      { k: "c", v: 4 },
    ]);
  });

  test("an identity column is written only on request", async () => {
    await pool.query("CREATE TABLE w.t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v int)");
    const rows = [
      { id: 5, v: 1 },
      { id: 5, v: 2 },
    ];
    await expect(
      upsertMany(pool, "w.t", rows, { conflict: ["id"], copyFrom }),
    ).rejects.toMatchObject({
      code: "UPSHIFT_BAD_ROW",
      index: 0,
      column: "id",
    });
    for (let time = 0; time < 2; time += 1)
      expect(
        await upsertMany(pool, "w.t", rows, {
          conflict: ["id"],
          overriding: "system",
          returning: "*",
          copyFrom,
        }),
      ).toMatchObject({
        rowCount: 1,
        rows: [
          { id: 5, v: 2 },
          { id: 5, v: 2 },
        ],
      });
  });

  test("a bad row is told by its index and column, also a bad key, and nothing is written", async () => {
    await pool.query("CREATE TABLE w.t (k numeric(4, 1) PRIMARY KEY, v int CHECK (v < 1000))");
    const rows = Array.from({ length: 300 }, (_row, k): Record<string, unknown> => ({ k, v: k }));
    for (const [bad, column] of [
      [{ k: "x", v: 1 }, "k"],
      [{ k: 12345, v: 1 }, "k"],
      [{ k: 7, v: 5000 }, "v"],
      [{ k: 7, v: "5 000" }, "v"],
      [{ k: null, v: 1 }, "k"],
    ] as const)
      await expect(
        upsertMany(pool, "w.t", rows.with(211, bad), { conflict: ["k"], copyFrom }),
      ).rejects.toMatchObject({ code: "UPSHIFT_BAD_ROW", index: 211, column });
    expect((await pool.query("SELECT FROM w.t")).rowCount).toBe(0);
  });
});

test("without a unique key over the columns the call is refused", async () => {
  await pool.query(
    "CREATE TABLE w.t (a int, b int, UNIQUE (a, b)); CREATE UNIQUE INDEX ON w.t (a) WHERE b > 0",
  );
  for (const conflict of [["a"], [], ["x"]])
    await expect(upsertMany(pool, "w.t", [{ a: 1, b: 1 }], { conflict })).rejects.toMatchObject({
      code: expect.stringMatching(/INVALID_ARGUMENT|UNKNOWN_COLUMN/),
    });
  expect(
    await upsertMany(pool, "w.t", [{ a: 1, b: 1 }], { conflict: ["b", "a", "a"] }),
  ).toMatchObject({
    rowCount: 1,
  });
});

test("calls at the same time over the same keys in opposite orders do not deadlock", async () => {
  await pool.query("CREATE TABLE w.t (k text PRIMARY KEY, v int)");
  const rows = Array.from({ length: 400 }, (_, k) => ({ k: `k${(k * 37) % 400}`, v: 0 }));
  for (let round = 0; round < 10; round += 1) {
    await Promise.all(
      [rows, rows.toReversed(), rows, rows.toReversed()].map((each, v) =>
        upsertMany(
          pool,
          "w.t",
          each.map(({ k }) => ({ k, v })),
          { conflict: ["k"] },
        ),
      ),
    );
  }
  expect(
    (await pool.query("SELECT count(DISTINCT v)::int AS n, count(*)::int AS all FROM w.t")).rows,
  ).toEqual([{ n: 1, all: 400 }]);
});
