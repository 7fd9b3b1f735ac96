import { PGlite } from "@electric-sql/pglite";
import { citext } from "@electric-sql/pglite/contrib/citext";
import { hstore } from "@electric-sql/pglite/contrib/hstore";
import { ltree } from "@electric-sql/pglite/contrib/ltree";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Queryable } from "../../src/connection/queryable.ts";
import { jsonNull } from "../../src/write/encode/json-null.ts";
import { copyMany } from "../../src/write/copy-many.ts";
import { insertMany } from "../../src/write/insert-many.ts";
import { upsertMany } from "../../src/write/upsert-many.ts";

/** A value, and what a literal of it gives when the server prints it: written by hand, not by the code under test. */
type Case = readonly [value: unknown, literal: string];

/** Type of a column -> values for it. */
const TYPES: Readonly<Record<string, readonly Case[]>> = {
  boolean: [
    [true, "'t'"],
    [false, "'f'"],
    ["yes", "'t'"],
  ],
  smallint: [
    [-32768, "-32768"],
    ["7", "7"],
  ],
  integer: [
    [0, "0"],
    [-5, "-5"],
    [2n ** 31n - 1n, "2147483647"],
  ],
  bigint: [
    [2n ** 63n - 1n, "9223372036854775807"],
    ["9007199254740993", "9007199254740993"],
  ],
  real: [
    [1.5, "1.5"],
    [Number.NaN, "'NaN'"],
  ],
  "double precision": [
    [0.1, "0.1"],
    [Number.NEGATIVE_INFINITY, "'-Infinity'"],
    [1e-320, "1e-320"],
    [Number.MAX_VALUE, "1.7976931348623157e308"],
  ],
  numeric: [
    ["123456789012345678901234567890.123", "123456789012345678901234567890.123"],
    [Number.NaN, "'NaN'"],
  ],
  "numeric(6,2)": [
    ["1.005", "1.01"],
    [3, "3"],
  ],
  text: [
    ["", "''"],
    ["NULL", "'NULL'"],
    ["\\N", "'\\N'"],
    ["a\tb\nc\rd\\e\"f'g{h},i", "E'a\\tb\\nc\\rd\\\\e\"f\\'g{h},i'"],
    ["\\.", "'\\.'"],
    ["😀é\u2028\u00a0 ", "'😀é\u2028\u00a0 '"],
    ["\u0001\u007f\b\f\v", "E'\\x01\\x7f\\b\\f\\x0b'"],
  ],
  "varchar(3)": [
    ["abc", "'abc'"],
    ["ab    ", "'ab '"],
  ],
  "char(4)": [["ab", "'ab'"]],
  "bit(3)": [["101", "B'101'"]],
  bytea: [
    [Buffer.from([0, 255, 92, 10]), "'\\x00ff5c0a'"],
    [new Uint8Array([1, 2, 3, 4]).subarray(1, 3), "'\\x0203'"],
    [Buffer.alloc(0), "''"],
    [new Uint16Array([258]), "'\\x0201'"],
  ],
  date: [
    ["2024-02-29", "'2024-02-29'"],
    ["infinity", "'infinity'"],
  ],
  timestamptz: [
    [new Date(Date.UTC(2024, 5, 1, 12, 0, 0, 7)), "'2024-06-01 12:00:00.007+00'"],
    [new Date(Date.UTC(-44, 2, 15)), "'0045-03-15 00:00:00+00 BC'"],
    [new Date(Date.UTC(12_345, 0, 1)), "'12345-01-01 00:00:00+00'"],
    [Number.POSITIVE_INFINITY, "'infinity'"],
  ],
  timestamp: [["2024-06-01 12:00:00.123456", "'2024-06-01 12:00:00.123456'"]],
  time: [["23:59:60", "'24:00:00'"]],
  interval: [["1 mon -2 days 03:04:05", "'1 mon -2 days 03:04:05'"]],
  json: [
    [{ a: [1, "x", null] }, '\'{"a":[1,"x",null]}\''],
    ["text", "'\"text\"'"],
    [[], "'[]'"],
    [[[1], [2, 3]], "'[[1],[2,3]]'"],
    [7, "'7'"],
    [false, "'false'"],
    [jsonNull, "'null'"],
    ["\u0000", "'\"\\u0000\"'"],
  ],
  jsonb: [
    [{ b: 1, a: 'q"\\' }, '\'{"a": "q\\"\\\\", "b": 1}\''],
    [["a"], "'[\"a\"]'"],
    [jsonNull, "'null'"],
    [new Date(0), "'\"1970-01-01T00:00:00.000Z\"'"],
  ],
  uuid: [["A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"]],
  inet: [["10.0.0.1/8", "'10.0.0.1/8'"]],
  macaddr: [["08:00:2b:01:02:03", "'08:00:2b:01:02:03'"]],
  xml: [["<a>1</a>", "'<a>1</a>'"]],
  money: [["12.34", "'12.34'"]],
  point: [
    ["(1,2)", "'(1,2)'"],
    [{ x: 1.5, y: -2 }, "'(1.5,-2)'"],
  ],
  box: [["(2,2),(0,0)", "'(2,2),(0,0)'"]],
  int4range: [
    ["[1,5)", "'[1,5)'"],
    ["empty", "'empty'"],
  ],
  int4multirange: [["{[1,3),[5,8)}", "'{[1,3),[5,8)}'"]],
  tsvector: [["'a':1 'b':2", "$$'a':1 'b':2$$"]],
  mood: [['very "sad",', "'very \"sad\",'"]],
  positive: [[5, "5"]],
  short_name: [["abc", "'abc'"]],
  tags: [
    [["a", "b,c"], "'{a,\"b,c\"}'"],
    [[], "'{}'"],
  ],
  pair: [
    ['(1,"x,y")', "'(1,\"x,y\")'"],
    ["(,)", "'(,)'"],
  ],
  strict_pair: [["(1,z)", "'(1,z)'"]],
  citext: [["MiXed", "'MiXed'"]],
  hstore: [
    ["a=>1, b=>NULL", "'a=>1, b=>NULL'"],
    [{ 'k"': "v\\", n: null }, '$$"k\\""=>"v\\\\", "n"=>NULL$$'],
  ],
  ltree: [["a.b.c", "'a.b.c'"]],
  "int[]": [
    [[1, null, 3], "'{1,NULL,3}'"],
    [
      [
        [1, 2],
        [3, 4],
      ],
      "'{{1,2},{3,4}}'",
    ],
    [[], "'{}'"],
    ["[0:1]={7,8}", "'[0:1]={7,8}'"],
    [new Int32Array([5, 6]), "'{5,6}'"],
  ],
  "text[]": [
    [
      ["", "NULL", 'a"b\\c', "{x},", null, "\n"],
      'E\'{"","NULL","a\\\\"b\\\\\\\\c","{x},",NULL,"\\n"}\'',
    ],
  ],
  "text[][]": [[[[["a"]], [["b"]]], "'{{{a}},{{b}}}'"]],
  "varchar(2)[]": [[["ab"], "'{ab}'"]],
  "jsonb[]": [
    [
      [{ a: 1 }, [1, 2], "s", null, jsonNull],
      "ARRAY['{\"a\":1}','[1,2]','\"s\"',NULL,'null']::jsonb[]",
    ],
  ],
  "bytea[]": [[[Buffer.from("00ff", "hex"), null], "ARRAY['\\x00ff'::bytea,NULL]"]],
  "mood[]": [[["glad", 'very "sad",'], "ARRAY['glad','very \"sad\",']::mood[]"]],
  "timestamptz[]": [[[new Date(0)], "ARRAY['1970-01-01 00:00:00+00'::timestamptz]"]],
  "bigint[]": [[[2n ** 62n, "1"], "'{4611686018427387904,1}'"]],
  "boolean[]": [[[true, false], "'{t,f}'"]],
  "box[]": [[["(2,2),(0,0)", "(1,1),(0,0)"], "'{(2,2),(0,0);(1,1),(0,0)}'"]],
  "pair[]": [[["(1,x)", "(2,y)"], "ARRAY['(1,x)','(2,y)']::pair[]"]],
  "int4range[]": [[["[1,2)"], "ARRAY['[1,2)'::int4range]"]],
  "positive[]": [[[1, 2], "'{1,2}'"]],
};

const DEFINITIONS = `
  CREATE EXTENSION citext;
  CREATE EXTENSION hstore;
  CREATE EXTENSION ltree;
  CREATE TYPE mood AS ENUM ('glad', 'very "sad",');
  CREATE DOMAIN positive AS int CHECK (VALUE > 0) NOT NULL;
  CREATE DOMAIN short_name AS varchar(3);
  CREATE DOMAIN tags AS text[];
  CREATE TYPE pair AS (n int, t text);
  CREATE DOMAIN strict_pair AS pair;
`;

const columns = Object.keys(TYPES).map((type, index) => ({ name: `c${index}`, type }));
const table = (name: string): string =>
  `CREATE TABLE ${name} (id int PRIMARY KEY, ${columns
    .map(({ name: column, type }) => `${column} ${type} ${type === "positive" ? "DEFAULT 1" : ""}`)
    .join(", ")})`;

/** One row per value: the others of its row are NULL, or absent where NULL is not allowed. */
const cases = columns.flatMap(({ name, type }) =>
  (TYPES[type] ?? []).map(([value, literal]) => ({ name, value, literal })),
);
const rows = cases.map(({ name, value }, index) => ({ id: index, [name]: value }));

let database: TestDatabase;
let pool: Pool;
let lite: PGlite;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 2 });
  lite = await PGlite.create({ extensions: { citext, hstore, ltree } });
  for (const db of [pool, lite] as readonly Queryable[]) {
    for (const statement of DEFINITIONS.split(";\n")) await db.query(statement);
    await db.query("SET timezone = 'UTC'");
    await db.query(table("expected"));
    for (const [id, { name, literal }] of cases.entries()) {
      // The literal of an INSERT is assigned as a value is; a cast would cut it to its length.
      await db.query(`INSERT INTO expected (id, ${name}) VALUES (${id}, ${literal})`);
    }
  }
}, 120_000);
afterAll(async () => {
  await pool.end();
  await lite.close();
  await database.drop();
});

async function differences(db: Queryable, name: string): Promise<readonly unknown[]> {
  const { rows: found } = await db.query(
    `SELECT e.id, e::text AS expected, a::text AS actual FROM expected e FULL JOIN ${name} a USING (id) WHERE a::text IS DISTINCT FROM e::text`,
  );
  return found;
}

const WAYS: readonly (readonly [
  string,
  () => Queryable,
  (db: Queryable, name: string) => Promise<unknown>,
])[] = [
  ["UNNEST on pg", () => pool, (db: Queryable, name: string) => insertMany(db, name, rows)],
  [
    "one row at a time on pg",
    () => pool,
    (db: Queryable, name: string) => insertMany(db, name, rows, { chunk: 1 }),
  ],
  ["COPY on pg", () => pool, (db: Queryable, name: string) => copyMany(db, name, rows)],
  [
    "COPY and upsert on pg",
    () => pool,
    (db: Queryable, name: string) => upsertMany(db, name, rows, { conflict: ["id"], copyFrom: 1 }),
  ],
  ["UNNEST on PGlite", () => lite, (db: Queryable, name: string) => insertMany(db, name, rows)],
  ["copyMany on PGlite", () => lite, (db: Queryable, name: string) => copyMany(db, name, rows)],
];

describe.each(WAYS)("%s", (_, db, write) => {
  test("every value of every type is what its literal is", async () => {
    await db().query("DROP TABLE IF EXISTS actual");
    await db().query(table("actual"));
    expect(await write(db(), "actual")).toMatchObject({ rowCount: rows.length });
    expect(await differences(db(), "actual")).toEqual([]);
  });
});

test("a Date in a timestamp, date or text column is what pg makes of it", async () => {
  await pool.query("CREATE TABLE dates (id int PRIMARY KEY, a timestamp, b date, c text)");
  const at = new Date(2024, 6, 1, 23, 30, 15, 42);
  await pool.query("INSERT INTO dates VALUES (1, $1, $2, $3)", [at, at, at]);
  await insertMany(pool, "dates", [{ id: 2, a: at, b: at, c: at }]);
  await copyMany(pool, "dates", [{ id: 3, a: at, b: at, c: at }]);
  const { rows: found } = await pool.query("SELECT a::text, b::text, c FROM dates ORDER BY id");
  expect(found[1]).toEqual(found[0]);
  expect(found[2]).toEqual(found[0]);
});

test("null is NULL, undefined and absent are the default, in any mixture", async () => {
  await pool.query(
    "CREATE TABLE defaults (id serial PRIMARY KEY, a int DEFAULT 7, b text DEFAULT 'd')",
  );
  const mixed = [
    { a: 1, b: "x" },
    { a: null, b: undefined },
    {},
    { b: null },
    { b: "y", a: undefined },
    { b: "z", a: 2 },
  ];
  const { rows: found } = await insertMany(pool, "defaults", mixed, { returning: ["a", "b"] });
  const expected = [
    { a: 1, b: "x" },
    { a: null, b: "d" },
    { a: 7, b: "d" },
    { a: 7, b: null },
    { a: 7, b: "y" },
    { a: 2, b: "z" },
  ];
  expect(found).toEqual(expected);
  await pool.query("TRUNCATE defaults");
  expect(await copyMany(pool, "defaults", mixed)).toEqual({ rowCount: 6 });
  const copied = await pool.query("SELECT a, b FROM defaults");
  expect(copied.rows).toHaveLength(6);
  expect(copied.rows).toEqual(expect.arrayContaining(expected));
});

test("names that mean something to JavaScript are columns like others, and nothing where there is no such column", async () => {
  await pool.query(
    `CREATE TABLE hostile ("__proto__" int, constructor text, "a""; DROP TABLE hostile; --" int, "toString" text DEFAULT 'd', "o" int, c0 int)`,
  );
  const name = 'a"; DROP TABLE hostile; --';
  const row: object = JSON.parse('{"__proto__": 1, "constructor": "c"}');
  const { rows: found } = await insertMany(
    pool,
    "hostile",
    [{ ...row, [name]: 2, o: 3, c0: 4 }, row],
    {
      returning: "*",
    },
  );
  const expected: unknown = JSON.parse(
    `[{"__proto__":1,"constructor":"c",${JSON.stringify(name)}:2,"toString":"d","o":3,"c0":4},{"__proto__":1,"constructor":"c",${JSON.stringify(name)}:null,"toString":"d","o":null,"c0":null}]`,
  );
  expect(found.map((each) => Object.entries(each ?? {}))).toEqual(
    (expected as object[]).map((each) => Object.entries(each)),
  );
  await pool.query("CREATE TABLE plain (a int)");
  for (const bad of [row, { a: 1, [name]: 1 }, { a: 1, "": 1 }, { a: 1, "a\0": 1 }])
    await expect(insertMany(pool, "plain", [bad])).rejects.toMatchObject({
      code: "UPSHIFT_UNKNOWN_COLUMN",
    });
  await expect(insertMany(pool, "plain; DROP TABLE plain", [{ a: 1 }])).rejects.toMatchObject({
    code: "UPSHIFT_UNKNOWN_TABLE",
  });
});
