import { PGlite } from "@electric-sql/pglite";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { computed, type ProjectionDefinition } from "../../src/select/projection-definition.ts";
import { projection } from "../../src/select/projection.ts";
import { identifier, sql } from "../../src/sql/sql.ts";
import { pageExample, regionOf } from "../page-example.ts";

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 2 });
  await pool.query(SCHEMA);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const SCHEMA = `
  CREATE TABLE companies (id int PRIMARY KEY, name text);
  CREATE TABLE users (id int PRIMARY KEY, name text, company_id int NOT NULL REFERENCES companies);
  CREATE TABLE posts (
    id int PRIMARY KEY, title text NOT NULL, author_id int NOT NULL REFERENCES users, editor_id int REFERENCES users,
    price numeric(30,10), big bigint, at timestamptz, published bool NOT NULL DEFAULT true
  );
  CREATE TABLE comments (id bigint PRIMARY KEY, post_id int, user_id int, body text, amount numeric, sums numeric[], raw bytea);
  INSERT INTO companies VALUES (1, 'Ant'), (2, NULL);
  INSERT INTO users VALUES (1, 'Ada', 1), (2, NULL, 2);
  INSERT INTO posts VALUES
    (1, 'One', 1, NULL, 12345678901234567890.0000000001, 9007199254740993, '2024-01-02T03:04:05.678Z'),
    (2, 'Two', 2, 1, NULL, NULL, NULL), (3, 'Three', 1, 2, NULL, NULL, NULL);
  INSERT INTO comments VALUES
    (9007199254740993, 1, 1, 'b', 0.1000000000000000000001, '{1.00000000000000000001,NULL}', '\\x00ff'),
    (2, 1, NULL, 'a', NULL, NULL, NULL), (3, 2, 2, NULL, NULL, NULL, NULL);
`;

const definition = {
  table: "posts",
  joins: {
    company: { from: "author", table: "companies", on: { company_id: "id" }, kind: "inner" },
    author: { table: "users", on: { author_id: "id" }, kind: "inner" },
    editor: { table: "users", on: { editor_id: "id" } },
  },
  fields: {
    id: "id",
    headline: "title",
    price: "price",
    big: "big",
    at: "at",
    authorName: { join: "author", column: "name" },
    companyName: { join: "company", column: "name" },
    shout: computed<string>(sql`upper(posts.title) || ${"!"}`),
    byline: computed<string>(sql`posts.title || ' by ' || author.name`, { joins: ["author"] }),
    editor: { join: "editor", fields: { id: "id", name: "name" } },
    comments: {
      many: "comments",
      on: { id: "post_id" },
      joins: { user: { table: "users", on: { user_id: "id" } } },
      fields: {
        id: "id",
        body: "body",
        amount: "amount",
        sums: "sums",
        raw: "raw",
        user: { join: "user", fields: { name: "name" } },
      },
    },
  },
} as const satisfies ProjectionDefinition;
const articles = projection(definition);

const textOf = async (fields: Parameters<typeof articles.sql>[1], options = {}) =>
  (await articles.sql(pool, fields, options)).compile().text;

describe("the statement", () => {
  test("reads the columns that are asked for, and joins nothing that no field needs", async () => {
    expect(await textOf(["id", "headline"])).toBe(
      'SELECT "posts"."id" AS "id", "posts"."title" AS "headline" FROM "public"."posts" AS "posts"',
    );
  });

  test("joins what a field needs, once, and before what hangs on it", async () => {
    const text = await textOf(["companyName", "authorName", "byline"]);
    expect(text.match(/JOIN "public"."\w+" AS "\w+"/g)).toEqual([
      'JOIN "public"."users" AS "author"',
      'JOIN "public"."companies" AS "company"',
    ]);
  });

  test("is the same for the same set of fields, in whatever order and however often they are named", async () => {
    const text = await textOf(["id", "authorName", "editor"]);
    expect(await textOf(["editor.name", "authorName", "id", "editor", "editor.id", "id"])).toBe(
      text,
    );
  });

  test("takes conditions, sorting by fields that are not asked for, and a limit", async () => {
    const rows = await articles.select(pool, ["id"], {
      where: sql`editor.id IS NOT NULL -- those that have one`,
      uses: ["editor"],
      orderBy: [["authorName", "desc", { nulls: "first" }], "id"],
      limit: 2,
    });
    expect(rows).toEqual([{ id: 2 }, { id: 3 }]);
    expect(await articles.select(pool, ["id"], { orderBy: sql`posts.id DESC`, limit: 1 })).toEqual([
      { id: 3 },
    ]);
    expect(
      await articles.select(pool, ["id"], { orderBy: [["editor.name", "asc"], "shout"] }),
    ).toEqual([{ id: 2 }, { id: 1 }, { id: 3 }]);
    expect(await articles.select(pool, ["id"], { limit: 0 })).toEqual([]);
  });

  test("composes: as a FROM of another statement, or by its parts", async () => {
    const inner = await articles.sql(pool, ["id", "editor.name"], { where: sql`posts.id > ${1}` });
    const { text, values } =
      sql`SELECT count(*)::int AS n, max(p."editor.name") AS m FROM (${inner}) AS p WHERE p.id < ${9}`.compile();
    expect((await pool.query(text, [...values])).rows).toEqual([{ n: 2, m: "Ada" }]);

    const { columns, from, shape, paths } = await articles.pick(pool, ["editor.name", "id"]);
    const parts = sql`SELECT ${columns} FROM ${from} WHERE posts.id = ${1}`.compile();
    const { rows } = await pool.query(parts.text, [...parts.values]);
    expect(rows.map(shape)).toEqual([{ id: 1, editor: null }]);
    expect(paths).toEqual(["id", "editor.name"]);
  });
});

describe("rows", () => {
  test("have exactly the fields asked for, renamed and nested; an object is null where nothing is joined", async () => {
    const rows = await articles.select(
      pool,
      ["headline", "authorName", "companyName", "editor", "shout", "byline"],
      {
        orderBy: ["id"],
      },
    );
    expect(rows).toEqual([
      {
        headline: "One",
        authorName: "Ada",
        companyName: "Ant",
        editor: null,
        shout: "ONE!",
        byline: "One by Ada",
      },
      {
        headline: "Two",
        authorName: null,
        companyName: null,
        editor: { id: 1, name: "Ada" },
        shout: "TWO!",
        byline: null,
      },
      // An editor without a name is an editor.
      {
        headline: "Three",
        authorName: "Ada",
        companyName: "Ant",
        editor: { id: 2, name: null },
        shout: "THREE!",
        byline: "Three by Ada",
      },
    ]);
  });

  test("an object whose only field is NULL is not taken for one that is absent", async () => {
    const rows = await articles.select(pool, ["editor.name"], { orderBy: ["id"] });
    expect(rows).toEqual([
      { editor: null },
      { editor: { name: "Ada" } },
      { editor: { name: null } },
    ]);
  });

  test("a list neither multiplies rows nor loses any, is empty where there is nothing, and keeps every digit", async () => {
    const rows = await articles.select(
      pool,
      [
        "id",
        "comments.id",
        "comments.body",
        "comments.amount",
        "comments.sums",
        "comments.raw",
        "comments.user.name",
      ],
      { orderBy: ["id"] },
    );
    const none = { amount: null, sums: null, raw: null };
    expect(rows).toEqual([
      {
        id: 1,
        comments: [
          { ...none, id: "2", body: "a", user: null },
          {
            id: "9007199254740993",
            body: "b",
            amount: "0.1000000000000000000001",
            sums: ["1.00000000000000000001", null],
            raw: "\\x00ff",
            user: { name: "Ada" },
          },
        ],
      },
      { id: 2, comments: [{ ...none, id: "3", body: null, user: { name: null } }] },
      { id: 3, comments: [] },
    ]);
  });

  test("a list can be ordered, filtered and cut; a list of the same table goes by another name", async () => {
    const users = projection({
      table: "users",
      fields: {
        name: "name",
        latest: {
          many: "posts",
          on: { id: "author_id" },
          fields: { title: "title" },
          orderBy: sql`posts.id DESC`,
          limit: 1,
          where: sql`posts.title <> ${"Two"}`,
        },
        colleagues: {
          many: "users",
          as: "colleague",
          on: { company_id: "company_id" },
          fields: {
            name: "name",
            posts: { many: "posts", on: { id: "author_id" }, fields: { id: "id" } },
          },
          where: sql`colleague.id > 0`,
        },
      },
    });
    expect(
      await users.select(pool, ["name", "latest", "colleagues.posts.id", "colleagues.name"], {
        orderBy: sql`users.id`,
      }),
    ).toEqual([
      {
        name: "Ada",
        latest: [{ title: "Three" }],
        colleagues: [{ name: "Ada", posts: [{ id: 1 }, { id: 3 }] }],
      },
      { name: null, latest: [], colleagues: [{ name: null, posts: [{ id: 2 }] }] },
    ]);
  });

  test("the condition of the definition always holds", async () => {
    const some = projection({ ...definition, where: sql`posts.id <> ${2}` });
    const rows = await some.select(pool, ["id"], { where: sql`posts.id = 2 OR posts.id = 3` });
    expect(rows).toEqual([{ id: 3 }]);
  });

  test("an aborted call ends with the reason", async () => {
    const reason = new Error("enough");
    const call = articles.select(pool, ["id"], { signal: AbortSignal.abort(reason) });
    await expect(call).rejects.toBe(reason);
  });

  test("PGlite gives the same", { timeout: 120_000 }, async () => {
    const lite = await PGlite.create();
    await lite.exec(SCHEMA);
    const fields = [
      "headline",
      "authorName",
      "editor",
      "comments.id",
      "comments.user.name",
    ] as const;
    const [here, there] = await Promise.all(
      [lite, pool].map((db) => articles.select(db, fields, { orderBy: ["id"] })),
    );
    expect(here).toEqual(there);
    await lite.close();
  });
});

describe("what may be asked for", () => {
  test.each([
    "title",
    "author",
    "author_id",
    "authorName.x",
    "editor.",
    "editor.company_id",
    ".id",
    "",
    "id ",
    "ID",
    "*",
    "__proto__",
    "constructor",
    "toString",
    'id" FROM users --',
    "comments.user.",
    "comments.user.id",
    "editor..name",
    "\0",
  ])("%j is unknown", async (name) => {
    const asked = () => articles.allow(["id", name]);
    expect(asked).toThrow(
      expect.objectContaining({ code: "UPSHIFT_UNKNOWN_FIELD", status: 400, statusCode: 400 }),
    );
    expect(asked).toThrow(/Allowed are: id, headline, price/);
  });

  test("every unknown field is named, however many there are", () => {
    const many = Array.from({ length: 10_000 }, (_, index) => `x${index}`.repeat(50));
    let message = "";
    try {
      articles.allow(["id", ...many]);
    } catch (error) {
      message = String(error);
    }
    expect(message).toMatch(/x9.* and 9990 more/);
    expect(message.length).toBeLessThan(2_000);
  });

  test("an empty list is refused, also inside of a field", () => {
    const unknown = expect.objectContaining({ code: "UPSHIFT_UNKNOWN_FIELD" });
    expect(() => articles.allow([])).toThrow(unknown);
    expect(() => articles.allow([{ name: "editor", fields: [] }])).toThrow(unknown);
    expect(() => articles.allow([{ name: "id", fields: [{ name: "x" }] }])).toThrow(unknown);
  });

  test("names as a tree and as paths come to the same: one list for one set", () => {
    const expected = ["id", "editor.id", "editor.name", "comments.body", "comments.user.name"];
    expect(articles.allow(["comments.user", "comments.body", "editor", "id", "id"])).toEqual(
      expected,
    );
    expect(
      articles.allow([
        {
          name: "comments",
          fields: [{ name: "user", fields: [{ name: "name" }] }, { name: "body" }],
        },
        { name: "editor" },
        { name: "id" },
      ]),
    ).toEqual(expected);
  });

  test("a tree deeper than the definition is refused, not walked", () => {
    let tree: { name: string; fields?: unknown } = { name: "x" };
    for (let depth = 0; depth < 100_000; depth++) tree = { name: "editor", fields: [tree] };
    expect(() => articles.allow([tree as never])).toThrow(/Unknown field "editor.editor"/);
    expect(() => articles.allow(["editor.".repeat(100_000)])).toThrow(/Unknown field/);
  });

  test("sorting knows the same names, and no lists", async () => {
    for (const orderBy of [
      ["nothing"],
      ["comments.body"],
      ["editor"],
      [["id; DROP TABLE posts", "asc"]],
    ]) {
      const call = articles.select(pool, ["id"], { orderBy: orderBy as never });
      await expect(call).rejects.toMatchObject({ code: "UPSHIFT_UNKNOWN_FIELD" });
    }
    for (const orderBy of [
      [["id", "asc; --"]],
      [["id", "asc", { nulls: "x" }]],
      [["id", "toString"]],
    ]) {
      const call = articles.select(pool, ["id"], { orderBy: orderBy as never });
      await expect(call).rejects.toMatchObject({ code: "UPSHIFT_INVALID_ARGUMENT" });
    }
  });

  test("of all the subsets of fields only the first few stay prepared on a connection", async () => {
    const fields = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`f${index}`, "id"]));
    const any = projection({ table: "posts", fields });
    const one = new Pool({ connectionString: database.url, max: 1 });
    for (let set = 1; set < 150; set++) {
      const asked = Object.keys(fields).filter((_, index) => (set >> index) % 2 === 1);
      await any.select(one, asked, { limit: 1 });
    }
    const { rows } = await one.query(
      "SELECT count(*)::int AS n FROM pg_prepared_statements WHERE statement LIKE '%\"posts\"%'",
    );
    expect(rows).toEqual([{ n: 64 }]);
    await one.end();
  });
});

const first = (table: string, on: Record<string, string>, extra: object = {}) =>
  projection({
    table: "left_side",
    joins: { other: { table, on, ...extra } },
    fields: { id: "id", other: { join: "other", column: "id" } },
  });

describe("joins", () => {
  const refused = { code: "UPSHIFT_INVALID_ARGUMENT" };
  beforeAll(async () => {
    await pool.query(`
      CREATE TABLE left_side (id int PRIMARY KEY, a int, b text, n numeric, f float8, sure int NOT NULL, soft int NOT NULL, late int NOT NULL, d text);
      CREATE TABLE plain (id int PRIMARY KEY, a int, b text, UNIQUE (a, b));
      CREATE TABLE partly (id int, a int);
      CREATE UNIQUE INDEX ON partly (a) WHERE id > 0;
      CREATE TABLE numbers (id numeric PRIMARY KEY);
      CREATE TABLE parent (id int PRIMARY KEY);
      CREATE TABLE heir () INHERITS (parent);
      CREATE VIEW seen AS SELECT * FROM plain;
      CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      CREATE TABLE cased (id text COLLATE any_case);
      CREATE UNIQUE INDEX ON cased (id COLLATE "C");
      CREATE TABLE target (id int PRIMARY KEY, ok bool);
      CREATE TABLE guarded (id int PRIMARY KEY);
      ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
      ALTER TABLE left_side ADD FOREIGN KEY (sure) REFERENCES target, ADD FOREIGN KEY (a) REFERENCES target,
        ADD FOREIGN KEY (soft) REFERENCES target NOT VALID, ADD FOREIGN KEY (late) REFERENCES target DEFERRABLE, ADD FOREIGN KEY (sure) REFERENCES guarded;
      INSERT INTO target VALUES (1, true), (2, false);
      INSERT INTO guarded VALUES (1), (2);
      INSERT INTO left_side VALUES (1, 1, 'x', 1, 1, 1, 1, 1), (2, NULL, NULL, NULL, NULL, 2, 2, 2);
    `);
  });

  test.each([
    ["not all columns of a key", "plain", { a: "a" }],
    ["no key", "plain", { b: "b" }],
    ["a key of some rows only", "partly", { a: "a" }],
    ["floats on a key of numerics", "numbers", { f: "id" }],
    ["a table that others inherit from", "parent", { a: "id" }],
    ["a view", "seen", { a: "id" }],
    ["a key by bytes of a column that ignores case", "cased", { d: "id" }],
  ])("%s could multiply rows: refused", async (_, table, on) => {
    await expect(first(table, on).select(pool, ["id"])).rejects.toMatchObject(refused);
  });

  test.each([
    ["a whole key", "plain", { a: "a", b: "b" }],
    ["a key and more", "plain", { id: "id", b: "b" }],
    ["numerics on a key of numerics", "numbers", { n: "id" }],
  ])("%s is fine", async (_, table, on) => {
    expect(await first(table, on).select(pool, ["id", "other"])).toHaveLength(2);
  });

  test.each([
    ["a proven key that is never NULL", "target", { sure: "id" }, {}, false],
    ["a key that may be NULL", "target", { a: "id" }, {}, true],
    ["a key that was never checked", "target", { soft: "id" }, {}, true],
    ["a key that is checked late", "target", { late: "id" }, {}, true],
    ["no foreign key", "plain", { sure: "id" }, {}, true],
    ["a condition besides", "target", { sure: "id" }, { and: sql`other.ok` }, true],
    ["a table whose rows not everybody sees", "guarded", { sure: "id" }, {}, true],
  ])(
    "an inner join by %s: which rows come does not depend on the fields",
    async (_, table, on, extra, isJoined) => {
      const some = first(table, on, { kind: "inner", ...extra });
      const without = await some.select(pool, ["id"], { orderBy: ["id"] });
      const having = await some.select(pool, ["id", "other"], { orderBy: ["id"] });
      expect(without.map(({ id }) => id)).toEqual(having.map(({ id }) => id));
      expect((await some.sql(pool, ["id"])).compile().text.includes("JOIN")).toBe(isJoined);
    },
  );

  test("an inner join behind a left one leaves out what the left one did not find", async () => {
    const chained = projection({
      table: "posts",
      joins: {
        editor: { table: "users", on: { editor_id: "id" } },
        company: { from: "editor", table: "companies", on: { company_id: "id" }, kind: "inner" },
      },
      fields: { id: "id", editorName: { join: "editor", column: "name" } },
    });
    for (const fields of [["id"], ["id", "editorName"]] as const) {
      const rows = await chained.select(pool, fields, { orderBy: ["id"] });
      expect(rows.map(({ id }) => id)).toEqual([2, 3]);
    }
  });
});

const invalid = (wrong: object) => () =>
  projection({ ...definition, ...wrong } as ProjectionDefinition);

describe("a definition that cannot work is refused", () => {
  test.each([
    ["no fields", { fields: {} }],
    ["an empty object", { fields: { a: { join: "author", fields: {} } } }],
    ["a name with a dot", { fields: { "a.b": "id" } }],
    ["no name", { fields: { "": "id" } }],
    ["a name of the prototype", { fields: { ["__proto__"]: "id" } }],
    ["a name with NUL", { fields: { "a\0": "id" } }],
    ["a path that PostgreSQL would cut", { fields: { ["ä".repeat(32)]: "id" } }],
    ["a join that is not declared", { fields: { a: { join: "nobody", column: "id" } } }],
    [
      "a computed field with an unknown join",
      { fields: { a: computed(sql`1`, { joins: ["nobody"] }) } },
    ],
    ["SQL as text", { fields: { a: { sql: "1; DROP TABLE posts", joins: [] } } }],
    ["SQL that does not end", { fields: { a: computed(sql`'a`) } }],
    [
      "a join named as the table",
      { joins: { posts: { table: "users", on: { author_id: "id" } } } },
    ],
    [
      "joins that hang on each other",
      {
        joins: {
          a: { from: "b", table: "users", on: { id: "id" } },
          b: { from: "a", table: "users", on: { id: "id" } },
        },
      },
    ],
    ["a join by nothing", { joins: { a: { table: "users", on: {} } } }],
    [
      "an unknown kind",
      { joins: { a: { table: "users", on: { author_id: "id" }, kind: "full" } } },
    ],
    [
      "a list that hides the table around it",
      { fields: { a: { many: "posts", on: { id: "id" }, fields: { id: "id" } } } },
    ],
    [
      "a list of less than one",
      { fields: { a: { many: "users", on: { id: "id" }, fields: { id: "id" }, limit: 0 } } },
    ],
  ])("%s", (_, wrong) => {
    const joins = { author: { table: "users", on: { author_id: "id" } } };
    expect(invalid({ joins, ...wrong })).toThrow(
      expect.objectContaining({ code: "UPSHIFT_INVALID_ARGUMENT" }),
    );
  });

  test.each([
    ["a column", { fields: { a: "nothing" } }, "UPSHIFT_UNKNOWN_COLUMN"],
    [
      "a column of a join",
      { fields: { a: { join: "author", column: 'name" --' } } },
      "UPSHIFT_UNKNOWN_COLUMN",
    ],
    ["a table", { table: "nowhere" }, "UPSHIFT_UNKNOWN_TABLE"],
    [
      "a column to join on",
      { joins: { author: { table: "users", on: { nothing: "id" } } }, fields: { id: "id" } },
      "UPSHIFT_UNKNOWN_COLUMN",
    ],
    [
      "a column of a list",
      {
        fields: { id: "id", a: { many: "comments", on: { id: "nothing" }, fields: { id: "id" } } },
      },
      "UPSHIFT_UNKNOWN_COLUMN",
    ],
  ])(
    "%s that the catalog does not know, once it is used with a database",
    async (_, wrong, code) => {
      const some = projection({ ...definition, ...wrong } as ProjectionDefinition);
      await expect(some.select(pool, [some.paths[0] ?? ""])).rejects.toMatchObject({ code });
    },
  );
});

test("the example of the page", async () => {
  interface Tables {
    posts: { id: number; title: string; author_id: number; editor_id: number | null };
    users: { id: number; name: string | null; company_id: number };
    companies: { id: number; name: string | null };
  }
  // example: projection
  const posts = projection<Tables>()({
    table: "posts",
    joins: {
      author: { table: "users", on: { author_id: "id" }, kind: "inner" },
      company: { from: "author", table: "companies", on: { company_id: "id" }, kind: "inner" },
      editor: { table: "users", on: { editor_id: "id" } },
    },
    fields: {
      id: "id",
      headline: "title",
      authorName: { join: "author", column: "name" },
      companyName: { join: "company", column: "name" },
      editor: { join: "editor", fields: { id: "id", name: "name" } },
    },
  });

  const short = await posts.select(pool, ["id", "headline"], { limit: 20 });
  const long = await posts.select(pool, ["headline", "companyName", "editor.name"], {
    where: sql`posts.published`,
    orderBy: [["headline", "desc"]],
  });
  // end
  expect(short).toHaveLength(3);
  expect(long).toEqual([
    { headline: "Two", companyName: null, editor: { name: "Ada" } },
    { headline: "Three", companyName: "Ant", editor: { name: null } },
    { headline: "One", companyName: "Ant", editor: null },
  ]);
  const fields = posts.allow([{ name: "id" }, { name: "editor", fields: [{ name: "name" }] }]);
  expect(await posts.select(pool, fields, { limit: 1 })).toEqual([{ id: 1, editor: null }]);
  expect(await pageExample("projection.md")).toBe(
    await regionOf(import.meta.filename, "projection"),
  );
});

test("odd names work as they are: of tables, columns, joins and fields", async () => {
  await pool.query(`
    CREATE SCHEMA "Odd ""S";
    CREATE TABLE "Odd ""S"."T.x; --" ("I d" int PRIMARY KEY, "select" text, "$1" int UNIQUE);
    INSERT INTO "Odd ""S"."T.x; --" VALUES (1, 'a', 2), (2, 'b', 1);
  `);
  const odd = projection({
    table: { schema: 'Odd "S', name: "T.x; --" },
    as: 'base "',
    joins: { 'j "1': { table: { schema: 'Odd "S', name: "T.x; --" }, on: { $1: "I d" } } },
    fields: {
      "'; DROP": "select",
      'an "object"': { join: 'j "1', fields: { "order by": "select", "\u{1F418}": "$1" } },
      constructor: computed(sql`${identifier('j "1', "I d")} * 10`, { joins: ['j "1'] }),
    },
  });
  expect(await odd.select(pool, odd.paths, { orderBy: ["'; DROP"] })).toEqual([
    { "'; DROP": "a", 'an "object"': { "order by": "b", "\u{1F418}": 1 }, constructor: 20 },
    { "'; DROP": "b", 'an "object"': { "order by": "a", "\u{1F418}": 2 }, constructor: 10 },
  ]);
});
