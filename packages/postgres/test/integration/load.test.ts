import { PGlite } from "@electric-sql/pglite";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import * as fc from "fast-check";
import { Client, Pool } from "pg";
import postgres, { type Sql as PostgresJs } from "postgres";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { fromPostgresJs } from "../../src/adapters/postgres-js.ts";
import { catalogOf } from "../../src/catalog/catalog.ts";
import type { Queryable } from "../../src/connection/queryable.ts";
import { attach } from "../../src/load/attach.ts";
import { loader } from "../../src/load/loader.ts";
import { loaders } from "../../src/load/loaders.ts";
import { belongsTo, hasMany, hasOne, manyToMany } from "../../src/load/relation.ts";
import { sql } from "../../src/sql/sql.ts";

const SCHEMA = `
  CREATE DOMAIN positive AS int CHECK (VALUE > 0);
  CREATE TYPE mood AS ENUM ('glad', 'sad');
  CREATE TABLE users (id int PRIMARY KEY, name text, mood mood, boss int REFERENCES users, retired bool DEFAULT false);
  CREATE TABLE posts (id int PRIMARY KEY, author_id int REFERENCES users, title text, score int, "upshift:place" text);
  CREATE TABLE tags (code text PRIMARY KEY, label text);
  CREATE TABLE post_tags (post int REFERENCES posts, tag text REFERENCES tags, weight int, PRIMARY KEY (post, tag));
  CREATE TABLE members (tenant int, member uuid, role text, PRIMARY KEY (tenant, member));
  CREATE TABLE notes (tenant int, writer uuid, body text, FOREIGN KEY (tenant, writer) REFERENCES members);
  CREATE TABLE kinds (u uuid, n numeric, c char(5), f float8, p positive, m mood, b bytea, a int[], ts timestamptz, label text);
  INSERT INTO users SELECT g, 'user ' || g, CASE WHEN g % 2 = 0 THEN 'glad' ELSE 'sad' END::mood, NULLIF(g / 2, 0), g % 5 = 0 FROM generate_series(1, 20) g;
  INSERT INTO posts SELECT g, NULLIF(g % 8, 0), 'post ' || g, g * 37 % 10, 'place ' || g FROM generate_series(1, 40) g;
  INSERT INTO tags SELECT chr(96 + g), 'tag ' || g FROM generate_series(1, 6) g;
  INSERT INTO post_tags SELECT p, chr(96 + t), p * t % 7 FROM generate_series(1, 40) p, generate_series(1, 6) t WHERE p % (t + 1) = 0;
  INSERT INTO members SELECT t, ('00000000-0000-0000-0000-00000000000' || to_hex(m))::uuid, 'role ' || t || m FROM generate_series(1, 3) t, generate_series(1, 15) m;
  INSERT INTO notes SELECT 1 + g % 3, ('00000000-0000-0000-0000-00000000000' || to_hex(1 + g % 15))::uuid, 'note ' || g FROM generate_series(1, 30) g;
  INSERT INTO kinds VALUES ('00000000-0000-0000-0000-0000000000ab', 1.50, 'ab', '-0', 7, 'glad', '\\x00ff', '{1,2}', '2026-01-02 03:04:05.678Z', 'row');
`;

let database: TestDatabase;
let pool: Pool;
let js: PostgresJs;
let lite: PGlite;
beforeAll(async () => {
  [database, lite] = await Promise.all([createTestDatabase(), PGlite.create()]);
  await Promise.all([database.query(SCHEMA), lite.exec(SCHEMA)]);
  pool = new Pool({ connectionString: database.url, max: 3 });
  js = postgres(database.url, { max: 2 });
});
afterAll(async () => {
  await Promise.all([pool.end(), js.end(), lite.close()]);
  await database.drop();
});

/** The same connection, with its statements counted and its own catalog. */
function counted(db: Queryable): { readonly db: Queryable; readonly texts: string[] } {
  const texts: string[] = [];
  return {
    texts,
    db: {
      query: (text, values) => {
        if (!text.includes("pg_catalog.pg_class")) texts.push(text);
        return db.query(text, values);
      },
    },
  };
}

interface User {
  readonly id: number;
  readonly name: string;
}

interface Post {
  readonly id: number;
  readonly author_id: number | null;
}

const DRIVERS: readonly (readonly [string, () => Queryable])[] = [
  ["pg", () => pool],
  ["PGlite", () => lite],
  ["postgres.js", () => fromPostgresJs(js)],
];

describe.each(DRIVERS)("on %s", (_, connect) => {
  test("the keys of a tick are one statement, in the order and number they were asked in", async () => {
    const { db, texts } = counted(connect());
    const users = loader<User, number>(db, "users", "id", { select: ["id", "name"] });
    const found = await Promise.all([3, 1, 99, 3].map((id) => users.load(id)));
    expect(found).toEqual([
      { id: 3, name: "user 3" },
      { id: 1, name: "user 1" },
      null,
      { id: 3, name: "user 3" },
    ]);
    expect(texts).toHaveLength(1);
    expect(await users.load(3)).toBe(found[0]);
    expect(texts).toHaveLength(1);
  });

  test("a key finds its row however it is written", async () => {
    const asked: readonly (readonly [string, readonly unknown[]])[] = [
      ["u", ["00000000-0000-0000-0000-0000000000AB", "{000000000000000000000000000000ab}"]],
      ["n", [1.5, "1.500", "1.5"]],
      ["c", ["ab", "ab   "]],
      ["f", [0, -0, "0.0"]],
      ["p", [7, "7", 7n]],
      ["m", ["glad"]],
      ["b", [Buffer.from([0, 255]), "\\x00FF"]],
      ["a", [[1, 2], "{1,2}"]],
      ["ts", [new Date("2026-01-02T03:04:05.678Z"), "2026-01-02 04:04:05.678+01"]],
    ];
    for (const [column, keys] of asked) {
      const { db, texts } = counted(connect());
      const kinds = loader(db, "kinds", column, { select: ["label"], cache: false });
      const found = await Promise.all(keys.map((key) => kinds.load(key)));
      expect([column, found]).toEqual([column, keys.map(() => ({ label: "row" }))]);
      expect(texts).toHaveLength(1);
    }
  });

  test("a domain forbids no question: a key outside of it has no row", async () => {
    expect(await loader(connect(), "kinds", "p").load(-1)).toBe(null);
  });

  test("one key that the server cannot read fails alone", async () => {
    const { db, texts } = counted(connect());
    const users = loader<User>(db, "users", "id", { select: ["id"] });
    const keys = [1, "two", 3, "99999999999", 5, Symbol("six"), 7];
    const found = await Promise.allSettled(keys.map((key) => users.load(key)));
    expect(
      found.map((outcome) =>
        outcome.status === "fulfilled" ? outcome.value : outcome.reason.code,
      ),
    ).toEqual([
      { id: 1 },
      "22P02",
      { id: 3 },
      "22003",
      { id: 5 },
      "UPSHIFT_INVALID_ARGUMENT",
      { id: 7 },
    ]);
    expect(texts.length).toBeLessThan(12);
  });

  test("a composite key is a pair, never a product", async () => {
    const { db, texts } = counted(connect());
    const members = loader<{ role: string }, readonly [number | null, string]>(
      db,
      "members",
      ["tenant", "member"],
      { select: ["role"] },
    );
    const member = "00000000-0000-0000-0000-00000000000";
    const found = await Promise.all([
      members.load([1, `${member}2`]),
      members.load([2, `${member}A`]),
      members.load([1, `${member}a`]),
      members.load([9, `${member}1`]),
      members.load([null, `${member}1`]),
      members.load([1, `${member}2`]),
    ]);
    expect(found.map((row) => row?.role)).toEqual([
      "role 12",
      "role 210",
      "role 110",
      undefined,
      undefined,
      "role 12",
    ]);
    expect(found[5]).toBe(found[0]);
    expect(texts).toHaveLength(1);
  });

  test("lists come in their order, cut to their limit, on columns of any name", async () => {
    const { db, texts } = counted(connect());
    const posts = loader.hasMany<{ id: number; "upshift:place": string }, number>(
      db,
      "posts",
      "author_id",
      {
        select: ["id", "upshift:place"],
        orderBy: [["score", "desc"], "id"],
        limit: 2,
        where: sql`posts.id > ${4} AND score <> ${0} -- not zero`,
      },
    );
    const found = await Promise.all([1, 2, 77].map((id) => posts.load(id)));
    // Author 1 wrote 1, 9, 17, 25, 33 with scores 7, 3, 9, 5, 1; author 2 wrote 2, 10, 18, 26, 34 with scores 4, 0, 6, 2, 8.
    expect(found).toEqual([
      [
        { id: 17, "upshift:place": "place 17" },
        { id: 25, "upshift:place": "place 25" },
      ],
      [
        { id: 34, "upshift:place": "place 34" },
        { id: 18, "upshift:place": "place 18" },
      ],
      [],
    ]);
    expect(texts).toHaveLength(1);
  });

  test("rows get what they belong to and what belongs to them: one statement for each relation", async () => {
    const { db, texts } = counted(connect());
    const posts: readonly Post[] = [
      { id: 1, author_id: 1 },
      { id: 8, author_id: null },
      { id: 12, author_id: 4 },
      { id: 9, author_id: 1 },
    ];
    const whole = await attach(db, posts, {
      author: belongsTo<User>("users", { from: "author_id", select: ["id", "name"] }),
      tags: manyToMany<{ code: string }>("tags", {
        through: "post_tags",
        of: "posts",
        select: ["code"],
        orderBy: [[sql`through.weight`, "desc"], "code"],
      }),
      best: hasOne<{ tag: string }>("post_tags", {
        to: "post",
        select: ["tag"],
        orderBy: [["tag", "desc"]],
      }),
    });
    expectTypeOf(whole).toEqualTypeOf<
      {
        readonly id: number;
        readonly author_id: number | null;
        author: User | null;
        tags: { code: string }[];
        best: { tag: string } | null;
      }[]
    >();
    // Tag t is on post p when t + 1 divides p, with weight p * t % 7: post 12 has a 5, b 3, c 1, e 4.
    expect(whole).toEqual([
      { id: 1, author_id: 1, author: { id: 1, name: "user 1" }, tags: [], best: null },
      {
        id: 8,
        author_id: null,
        author: null,
        tags: [{ code: "c" }, { code: "a" }],
        best: { tag: "c" },
      },
      {
        id: 12,
        author_id: 4,
        author: { id: 4, name: "user 4" },
        tags: [{ code: "a" }, { code: "e" }, { code: "b" }, { code: "c" }],
        best: { tag: "e" },
      },
      {
        id: 9,
        author_id: 1,
        author: { id: 1, name: "user 1" },
        tags: [{ code: "b" }],
        best: { tag: "b" },
      },
    ]);
    expect(whole[3]?.author).toBe(whole[0]?.author);
    expect(texts).toHaveLength(3);
    expect(posts[0]).toEqual({ id: 1, author_id: 1 });
  });

  test("relations of related rows take one more statement each, however many rows", async () => {
    const { db, texts } = counted(connect());
    const users = [{ id: 1 }, { id: 2 }, { id: 3 }];
    const whole = await attach(db, users, {
      posts: hasMany("posts", {
        of: "users",
        select: ["id", "author_id"],
        orderBy: ["id"],
        limit: 2,
        attach: {
          author: belongsTo("users", {
            of: "posts",
            select: ["id", "boss"],
            attach: {
              boss: belongsTo("users", { from: "boss", to: "id", select: ["id"] }),
            },
          }),
        },
      }),
    });
    expect(whole).toEqual(
      users.map(({ id }) => ({
        id,
        posts: [id, id + 8].map((post) => ({
          id: post,
          author_id: id,
          author: { id, boss: id === 1 ? null : { id: 1 } },
        })),
      })),
    );
    expect(texts).toHaveLength(3);
  });

  test("composite foreign keys are found in the catalog", async () => {
    const [note] = await attach(
      connect(),
      [{ tenant: 2, writer: "00000000-0000-0000-0000-00000000000A" }],
      {
        member: belongsTo<{ role: string }>("members", { of: "notes", select: ["role"] }),
      },
    );
    expect(note?.member).toEqual({ role: "role 210" });
    const [member] = await attach(
      connect(),
      [{ tenant: 2, member: "00000000-0000-0000-0000-000000000002" }],
      {
        notes: hasMany<{ body: string }>("notes", {
          to: ["tenant", "writer"],
          select: ["body"],
          orderBy: ["body"],
        }),
      },
    );
    expect(member?.notes).toEqual([{ body: "note 1" }, { body: "note 16" }]);
  });

  test("nothing to ask for is no statement", async () => {
    const { db, texts } = counted(connect());
    const relations = { author: belongsTo("users", { from: "author_id" }) };
    expect(await attach(db, [], relations)).toEqual([]);
    expect(await attach(db, [{ author_id: null }], relations)).toEqual([
      { author_id: null, author: null },
    ]);
    expect(texts).toEqual([]);
  });
});

describe("a loader", () => {
  test("sends at most as many keys in a statement as it may", async () => {
    const { db, texts } = counted(pool);
    const users = loader<User, number>(db, "users", "id", { maxBatchSize: 4 });
    await users.loadMany(Array.from({ length: 9 }, (_, index) => index));
    expect(texts).toHaveLength(3);
  });

  test("says so of a key without a row, where that is an error", async () => {
    const users = loader<User, number>(pool, "users", "id", { missing: "error" });
    const [one, none] = await Promise.allSettled([users.load(1), users.load(99)]);
    expectTypeOf(users.load(1)).resolves.toEqualTypeOf<User>();
    expect(one).toMatchObject({ status: "fulfilled", value: { id: 1 } });
    expect(none).toMatchObject({ status: "rejected", reason: { code: "UPSHIFT_ROW_NOT_FOUND" } });
    expect(String(none.status === "rejected" && none.reason.message)).not.toContain("99");
  });

  test("says so of a key that several rows have, and only of that one", async () => {
    const posts = loader(pool, "posts", "author_id", {
      where: sql`id < 17 AND (id < 9 OR author_id = 3)`,
    });
    const [one, three] = await Promise.allSettled([posts.load(1), posts.load(3)]);
    expect(one).toMatchObject({ status: "fulfilled", value: { id: 1 } });
    expect(three).toMatchObject({ status: "rejected", reason: { code: "UPSHIFT_KEY_NOT_UNIQUE" } });
  });

  test("forgets what it has kept for too long, so a loader that outlives its request serves nothing old", async () => {
    let nowMs = 0;
    const { db, texts } = counted(pool);
    const users = loader<User, number>(db, "users", "id", {
      cacheFor: "5s",
      clock: { now: () => nowMs },
    });
    await users.load(1);
    nowMs = 4_999;
    await users.load(1);
    expect(texts).toHaveLength(1);
    nowMs = 5_000;
    await users.load(1);
    expect(texts).toHaveLength(2);
  });

  test("is made once for each request, by the object that stands for it", async () => {
    const load = loaders((request: { readonly db: Queryable }) => ({
      users: loader<User, number>(request.db, "users", "id"),
    }));
    const request = { db: pool };
    expect(load(request)).toBe(load(request));
    expect(load({ db: pool })).not.toBe(load(request));
    expect((await load(request).users.load(2))?.name).toBe("user 2");
    expect(() => load("request" as never)).toThrow(/object/);
  });

  test("inside of a failed transaction gives each key the error that failed it", async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await catalogOf(client).table("users");
    await client.query("BEGIN");
    const users = loader<User>(client, "users", "id");
    const found = await Promise.allSettled([users.load(1), users.load("x")]);
    expect(found).toMatchObject([{ reason: { code: "22P02" } }, { reason: { code: "22P02" } }]);
    await client.end();
  });

  test("of a table that was changed works again at the next batch", async () => {
    await pool.query(
      "CREATE TABLE changing (id int PRIMARY KEY, a int); INSERT INTO changing VALUES (1, 1)",
    );
    const rows = loader(pool, "changing", "id", { cache: false });
    expect(await rows.load(1)).toEqual({ id: 1, a: 1 });
    await pool.query("ALTER TABLE changing DROP a; ALTER TABLE changing ADD b int DEFAULT 2");
    await expect(rows.load(1)).rejects.toMatchObject({ code: "42703" });
    expect(await rows.load(1)).toEqual({ id: 1, b: 2 });
  });

  test.each([
    ["an unknown table", "nowhere; DROP TABLE users", "id", {}, "UPSHIFT_UNKNOWN_TABLE"],
    ["an unknown key", "users", 'id" = 1; --', {}, "UPSHIFT_UNKNOWN_COLUMN"],
    ["an unknown column", "users", "id", { select: ["name)"] }, "UPSHIFT_UNKNOWN_COLUMN"],
  ])("of %s fails with its code", async (_, table, key, options, code) => {
    await expect(loader(pool, table, key, options).load(1)).rejects.toMatchObject({ code });
  });

  test.each([
    { maxBatchSize: 0 },
    { maxBatchSize: 501 },
    { missing: "no" as never },
    { cacheFor: -1 },
    { select: [] },
  ])("refuses %j", (options) => {
    expect(() => loader(pool, "users", "id", options)).toThrow(/Expected/);
  });

  test("of lists refuses a limit that is none, an unknown order and a column that is not there", async () => {
    expect(() => loader.hasMany(pool, "posts", "author_id", { limit: 0 })).toThrow(/limit/);
    await expect(
      loader.hasMany(pool, "posts", "author_id", { orderBy: ["score; --"] }).load(1),
    ).rejects.toMatchObject({ code: "UPSHIFT_UNKNOWN_COLUMN" });
  });

  test("reads each key's rows by the index, whatever the number of keys", async () => {
    await pool.query("CREATE TABLE events (id int PRIMARY KEY, topic int, at int)");
    await pool.query(
      "INSERT INTO events SELECT g, g % 100, g * 7 % 1000 FROM generate_series(1, 50000) g",
    );
    await pool.query("CREATE INDEX ON events (topic, at); ANALYZE events");
    const { db, texts } = counted(pool);
    const events = loader.hasMany(db, "events", "topic", { orderBy: ["at"], limit: 3 });
    await events.loadMany([1, 2, 3]);
    const [text] = texts;
    const { rows } = await pool.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, [
      "{1,2,3}",
    ]);
    const plan = JSON.stringify(rows[0]);
    expect(plan).toContain("events_topic_at_idx");
    expect(rows[0]["QUERY PLAN"][0].Plan["Shared Hit Blocks"]).toBeLessThan(60);
  });
});

describe("attach", () => {
  test("says which foreign keys it did not find, or found too many of", async () => {
    const rows = [{ id: 1, boss: 1 }];
    const fails = (relation: Parameters<typeof attach>[2][string]) =>
      attach(pool, rows, { relation });
    await expect(fails(belongsTo("tags", { of: "posts" }))).rejects.toMatchObject({
      code: "UPSHIFT_RELATION_NOT_FOUND",
      message: expect.stringContaining("posts to tags"),
    });
    await expect(fails(hasMany("posts", { to: "title" }))).rejects.toMatchObject({
      code: "UPSHIFT_RELATION_NOT_FOUND",
    });
    await expect(fails(belongsTo("members", { from: "id" }))).rejects.toMatchObject({
      code: "UPSHIFT_RELATION_NOT_FOUND",
    });
    await expect(fails(hasMany("posts", {}))).rejects.toThrow(/`of`/);
    await expect(
      fails(hasMany("posts", { from: ["id", "boss"], to: "author_id" })),
    ).rejects.toThrow(/as many/);
    await expect(fails(belongsTo("users", { from: "chief" }))).rejects.toThrow(/"chief"/);
    await expect(fails(belongsTo("posts", { from: "id", to: "author_id" }))).rejects.toMatchObject({
      code: "UPSHIFT_KEY_NOT_UNIQUE",
    });
  });

  test("of a column that refers to its own table goes both ways", async () => {
    const [user] = await attach(pool, [{ id: 4, boss: 2 }], {
      chief: belongsTo<User>("users", { of: "users", select: ["id"] }),
      team: hasMany<User>("users", { of: "users", select: ["id"], orderBy: ["id"] }),
    });
    expect(user).toEqual({ id: 4, boss: 2, chief: { id: 2 }, team: [{ id: 8 }, { id: 9 }] });
  });

  test("ends with the signal's reason, and leaves no connection behind", async () => {
    const abort = new AbortController();
    const locker = new Client({ connectionString: database.url });
    await locker.connect();
    await locker.query("BEGIN; LOCK TABLE tags IN ACCESS EXCLUSIVE MODE");
    await catalogOf(pool).table("tags");
    const waiting = attach(
      pool,
      [{ tag: "a" }],
      { tag: belongsTo("tags", { from: "tag" }) },
      abort,
    );
    for (;;) {
      const [row] = await database.query(
        "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
      );
      if (row?.["n"] === 1) break;
    }
    abort.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await locker.query("ROLLBACK");
    await locker.end();
    await pool.query("SELECT 1");
    expect(pool.totalCount - pool.idleCount).toBe(0);
    await expect(attach(pool, [], {}, abort)).rejects.toThrow("enough");
  });

  test("fails with its connection, and the next one works", async () => {
    const own = new Pool({ connectionString: database.url, max: 1 });
    own.on("error", () => undefined);
    await catalogOf(own).table("tags");
    const locker = new Client({ connectionString: database.url });
    await locker.connect();
    await locker.query("BEGIN; LOCK TABLE tags IN ACCESS EXCLUSIVE MODE");
    const tag = belongsTo("tags", { from: "tag" });
    const failing = attach(own, [{ tag: "a" }], { tag });
    const loading = loader(own, "tags", "code").load("a");
    const outcomes = Promise.allSettled([failing, loading]);
    let killedCount = 0;
    while (killedCount < 2) {
      const killed = await database.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
      );
      killedCount += killed.length;
    }
    await locker.query("ROLLBACK");
    await locker.end();
    expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await attach(own, [{ tag: "a" }], { tag })).toMatchObject([{ tag: { label: "tag 1" } }]);
    expect(own.totalCount - own.idleCount).toBe(0);
    await own.end();
  });

  test("gives each row what a question of its own would have given", async () => {
    await pool.query(
      "CREATE TABLE items (id int PRIMARY KEY, parent int, rank int, grade numeric)",
    );
    const cell = fc.option(fc.integer({ min: 0, max: 5 }));
    const directions = fc.constantFrom("asc" as const, "desc" as const);
    const places = fc.constantFrom("first" as const, "last" as const);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell, cell), { maxLength: 40 }),
        fc.array(fc.option(fc.integer({ min: 0, max: 7 })), { maxLength: 12 }),
        fc.option(fc.integer({ min: 1, max: 4 })),
        fc.tuple(directions, places, directions, places),
        async (items, parents, limit, [rankDirection, rankNulls, gradeDirection, gradeNulls]) => {
          await pool.query("TRUNCATE items");
          for (const [index, [parent, rank, grade]] of items.entries()) {
            await pool.query("INSERT INTO items VALUES ($1, $2, $3, $4)", [
              index,
              parent,
              rank,
              grade,
            ]);
          }
          const whole = await attach(
            pool,
            parents.map((id) => ({ id })),
            {
              items: hasMany<{ id: number }>("items", {
                from: "id",
                to: "parent",
                orderBy: [
                  ["rank", rankDirection, { nulls: rankNulls }],
                  [sql`grade * ${2}`, gradeDirection, { nulls: gradeNulls }],
                  "id",
                ],
                ...(limit === null ? {} : { limit }),
              }),
            },
          );
          for (const [index, parent] of parents.entries()) {
            const { rows } = await pool.query(
              `SELECT * FROM items WHERE parent = $1 ORDER BY rank ${rankDirection} NULLS ${rankNulls}, grade ${gradeDirection} NULLS ${gradeNulls}, id LIMIT $2`,
              [parent, limit],
            );
            expect(whole[index]?.items).toEqual(rows);
          }
        },
      ),
      { numRuns: process.env["UPSHIFT_TEST_SCALE"] === "full" ? 300 : 40, seed: 11 },
    );
  });
});
