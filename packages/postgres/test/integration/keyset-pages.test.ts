import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import {
  cursors,
  keyset,
  type KeysetOptions,
  keysetRows,
  type OrderDirection,
  type Page,
  sql,
} from "../../src/index.ts";
import { TEST_SECRET } from "./keyset/walk-random-table.ts";

interface Item {
  readonly id: string;
  readonly score: number | null;
}

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 3 });
  await pool.query(`
    CREATE TABLE items (id bigint PRIMARY KEY, org_id int NOT NULL, score int, title text NOT NULL);
    INSERT INTO items SELECT g, g % 2, nullif(g % 7, 0), 'item ' || g FROM generate_series(1, 100) g;
    CREATE INDEX ON items (org_id, score DESC NULLS LAST, id DESC);
    CREATE SCHEMA "Odd.Schema";
    CREATE TABLE "Odd.Schema"."T; DROP TABLE items --" ("k""; DROP TABLE items; --" int, "$1" text, "Id" int PRIMARY KEY);
    INSERT INTO "Odd.Schema"."T; DROP TABLE items --" SELECT g % 3, 'x' || g, g FROM generate_series(1, 20) g;
  `);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const options = {
  from: "items",
  order: [["score", "desc", { nulls: "last" }]],
  cursors: cursors({ secret: TEST_SECRET }),
} satisfies KeysetOptions;

const list = () => keyset<Item>(pool, options);

const since = (day: number) => sql`id > ${day}`;

const ids = (page: Page<Item>) => page.rows.map(({ id }) => Number(id));

test("the first example of the documentation runs", async () => {
  const secret = TEST_SECRET;
  const request = { org: 1, query: { after: undefined } };

  const items = keyset(pool, {
    from: "items",
    order: [["score", "desc", { nulls: "last" }]],
    cursors: cursors({ secret }),
  });
  const page = await items({
    first: 50,
    after: request.query.after,
    where: sql`org_id = ${request.org}`,
    select: ["id", "title"],
  });
  // { rows: [{ id, title }, …], next: "AQGi…", prev: undefined, hasNextPage: true, … }

  expect(page.rows).toHaveLength(50);
  expect(page.rows[0]).toEqual({ id: "97", title: "item 97" });
  expect(page.hasNextPage).toBe(false);
});

describe("pages", () => {
  test("forward, on, back and from the end: rows always come in the list's order", async () => {
    // 14 rows have score 6: 6, 13, …, 97; equal scores go by id, in the direction of the last key.
    const items = list();
    const first = await items({ first: 3 });
    expect(ids(first)).toEqual([97, 90, 83]);
    expect(first).toMatchObject({ hasNextPage: true, hasPreviousPage: false, prev: undefined });
    const second = await items({ first: 3, after: first.next });
    expect(ids(second)).toEqual([76, 69, 62]);
    expect(second).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    const back = await items({ last: 3, before: second.prev });
    expect(ids(back)).toEqual([97, 90, 83]);
    expect(back).toMatchObject({ hasNextPage: true, hasPreviousPage: false, prev: undefined });
    const last = await items({ last: 2 });
    expect(ids(last)).toEqual([14, 7]);
    expect(last).toMatchObject({ hasNextPage: false, hasPreviousPage: true, next: undefined });
  });

  test("null is no cursor and no size, as GraphQL sends it", async () => {
    const page = await list()({ first: 2, after: null, last: null, before: null });
    expect(ids(page)).toEqual([97, 90]);
  });

  test("a page without rows has a way back to where it was asked from", async () => {
    const items = list();
    const end = await items({ last: 1 });
    const beyond = await items({ first: 5, after: end.endCursor });
    expect(beyond).toMatchObject({ rows: [], hasNextPage: false, hasPreviousPage: true });
    expect(ids(await items({ last: 1, before: beyond.prev }))).toEqual([14]);
  });

  test("keys that were not selected, or are shown as something else, still carry the walk", async () => {
    const items = keyset<Readonly<Record<string, unknown>>>(pool, options);
    const selections = [["title"], sql`title AS score, -id AS id`, sql`title`] as const;
    for (const select of selections) {
      const seen = new Set<unknown>();
      let after: string | undefined;
      do {
        const page = await items({ first: 9, after, select });
        for (const row of page.rows) seen.add(row["title"] ?? row["score"]);
        after = page.next;
      } while (after !== undefined);
      expect(seen.size).toBe(100);
    }
    const [row] = (await items({ first: 1, select: ["title"] })).rows;
    expect(row).toEqual({ title: "item 97" });
  });

  test("edges have a cursor each, which goes on from their row", async () => {
    const items = list();
    const { edges, startCursor, endCursor } = await items({ first: 4 });
    const [, second] = edges();
    expect(edges().map(({ node }) => Number(node.id))).toEqual([97, 90, 83, 76]);
    expect(ids(await items({ first: 2, after: second?.cursor }))).toEqual([83, 76]);
    expect(edges().at(0)?.cursor).toBe(startCursor);
    expect(edges().at(-1)?.cursor).toBe(endCursor);
  });

  test("rows that come and go between pages shift nothing", async () => {
    const items = list();
    const first = await items({ first: 3 });
    await pool.query(
      "INSERT INTO items VALUES (1000, 0, 6, 'new'); DELETE FROM items WHERE id = 83",
    );
    expect(ids(await items({ first: 3, after: first.next }))).toEqual([76, 69, 62]);
    await pool.query(
      "DELETE FROM items WHERE id = 1000; INSERT INTO items VALUES (83, 1, 6, 'item 83')",
    );
  });

  test("a count is made on request, of the filtered rows, and stops at its limit", async () => {
    const items = list();
    const where = sql`org_id = ${1} -- odd`;
    expect((await items({ first: 1 })).count).toBeUndefined();
    expect((await items({ first: 1, where, count: true })).count).toEqual({
      value: 50,
      isCapped: false,
    });
    expect((await items({ first: 1, where, count: 49 })).count).toEqual({
      value: 49,
      isCapped: true,
    });
    expect((await items({ first: 1, where, count: 50 })).count).toEqual({
      value: 50,
      isCapped: false,
    });
  });

  test.each([0, -1, 1.5, 101, Number.NaN, Number.POSITIVE_INFINITY, "10", "1; DROP TABLE items"])(
    "first: %s is refused as a bad request",
    async (first) => {
      await expect(list()({ first: first as number })).rejects.toMatchObject({
        code: "UPSHIFT_INVALID_ARGUMENT",
        status: 400,
      });
    },
  );

  test("two directions at once are refused", async () => {
    const items = list();
    const { next } = await items({ first: 1 });
    await expect(items({ first: 1, before: next })).rejects.toMatchObject({ status: 400 });
    await expect(items({ after: next, last: 1 })).rejects.toMatchObject({ status: 400 });
  });

  test("rows have the type that was named", () => {
    expectTypeOf(list()).returns.resolves.toHaveProperty("rows").toEqualTypeOf<readonly Item[]>();
  });
});

describe("cursors belong to their list", () => {
  const refused = { code: "UPSHIFT_INVALID_CURSOR", status: 400 };

  test.each<[string, Partial<KeysetOptions>]>([
    ["another direction", { order: [["score", "asc", { nulls: "last" }]] }],
    ["another placement of NULLs", { order: [["score", "desc"]] }],
    ["another key", { order: [["org_id", "desc"]] }],
    ["one more key", { order: [["score", "desc", { nulls: "last" }], "title"] }],
    ["other secrets", { cursors: cursors({ secret: "0f8c2b6e9d4a17355c1fb6e0a3d97248" }) }],
    ["another tenant", { cursors: cursors({ secret: TEST_SECRET, bind: () => ({ tenant: 2 }) }) }],
    ["sealed ones", { cursors: cursors({ secret: TEST_SECRET, seal: true }) }],
    ["SQL", { from: sql`items`, primaryKey: ["id"] }],
  ])("not to the one with %s", async (_, change) => {
    const { next } = await keyset(pool, options)({ first: 1 });
    const other = keyset(pool, { ...options, ...change });
    await expect(other({ first: 1, after: next })).rejects.toMatchObject(refused);
    await expect(other({ last: 1, before: next })).rejects.toMatchObject(refused);
  });

  test("and to their filter, unless `bind` says what they belong to", async () => {
    const items = keyset<Item>(pool, options);
    const { next } = await items({ first: 1, where: since(10) });
    await expect(items({ first: 1, after: next, where: since(11) })).rejects.toMatchObject(refused);
    await expect(items({ first: 1, after: next })).rejects.toMatchObject(refused);
    await expect(items({ first: 1, after: next, where: sql`id >= ${10}` })).rejects.toMatchObject(
      refused,
    );
    expect(ids(await items({ first: 1, after: next, where: since(10) }))).toEqual([90]);
    const bound = await items({ first: 1, where: since(10), bind: { filter: "new" } });
    const request = { first: 1, after: bound.next, where: since(11) };
    expect(ids(await items({ ...request, bind: { filter: "new" } }))).toEqual([90]);
    await expect(items({ ...request, bind: { filter: "old" } })).rejects.toMatchObject(refused);
    await expect(items(request)).rejects.toMatchObject(refused);
  });

  test("a position says nothing of who may see it: the filter is always asked", async () => {
    const sealed = cursors({ secret: TEST_SECRET, seal: true, bind: () => "org 1" });
    const items = keyset<Item>(pool, { ...options, cursors: sealed });
    const { next } = await items({ first: 1, where: sql`org_id = ${1}` });
    const page = await items({ first: 100, after: next, where: sql`org_id = ${1}` });
    expect(ids(page).every((id) => id % 2 === 1)).toBe(true);
  });

  test.each(hostileTexts())("%j is no cursor", async (after) => {
    await expect(keyset(pool, options)({ first: 1, after })).rejects.toMatchObject(refused);
  });

  test("what Express makes of ?after=a&after=b is none either", async () => {
    const after = ["a", "b"] as unknown as string;
    await expect(keyset(pool, options)({ first: 1, after })).rejects.toMatchObject(refused);
  });
});

describe("hostile names", () => {
  const table = { schema: "Odd.Schema", name: "T; DROP TABLE items --" };
  const column = 'k"; DROP TABLE items; --';

  test("work where they are the table's own", async () => {
    const odd = keyset<{ readonly Id: number }>(pool, {
      from: table,
      order: [[column, "desc"], "$1"],
      cursors: options.cursors,
      pageSize: 6,
    });
    const seen: number[] = [];
    let after: string | undefined;
    do {
      const page = await odd({ after, where: sql`"$1" <> ${"$1'; --"}` });
      seen.push(...page.rows.map(({ Id }) => Id));
      after = page.next;
    } while (after !== undefined);
    const { rows } = await pool.query<{ Id: number }>(
      `SELECT "Id" FROM "Odd.Schema"."T; DROP TABLE items --" ORDER BY "k""; DROP TABLE items; --" DESC, "$1"`,
    );
    expect(seen).toEqual(rows.map(({ Id }) => Id));
  });

  test.each(hostileTexts())(
    "%j is no table, column, direction, placement or collation",
    async (text) => {
      const asc: OrderDirection = text as "asc";
      const attempts: readonly Partial<KeysetOptions>[] = [
        { from: text },
        { order: [text] },
        { order: [["id", asc]] },
        { order: [["id", "asc", { nulls: text as "first" }]] },
        { order: [["title", "asc", { collation: text }]] },
        { primaryKey: [text] },
      ];
      for (const attempt of attempts) {
        const failure = await tryPage({ ...options, ...attempt });
        expect(failure).toBeInstanceOf(Error);
        expect(failure).toHaveProperty(
          "code",
          expect.stringMatching(/^(UPSHIFT_|42704|42P|22P05|22021)/),
        );
      }
      await expect(keyset(pool, options)({ select: [text] })).rejects.toMatchObject({
        code: expect.stringMatching(/^UPSHIFT_/),
      });
      expect(await database.query("SELECT count(*)::int AS n FROM items")).toEqual([{ n: 100 }]);
    },
  );
});

async function tryPage(attempt: KeysetOptions): Promise<unknown> {
  try {
    return await keyset(pool, attempt)({ first: 1 });
  } catch (error) {
    return error;
  }
}

function hostileTexts(): readonly string[] {
  return [
    "",
    "'; DROP TABLE items; --",
    'items"; DROP TABLE items; --',
    "items; DROP TABLE items",
    "id) OR (1=1",
    "$1",
    "a\0b",
    "\ud800",
    "__proto__",
    "constructor",
    "AQ",
    "x".repeat(100_000),
  ];
}

describe("wrong options are refused at once", () => {
  test.each<[string, Partial<KeysetOptions>]>([
    ["no keys", { order: [] as unknown as ["id"] }],
    ["too many", { order: Array.from({ length: 33 }, () => "id") as unknown as ["id"] }],
    ["a number as key", { order: [7 as unknown as string] }],
    ["SQL that nothing makes unique", { from: sql`items` }],
    ["a page of nothing", { pageSize: 0 }],
    ["a page above the maximum", { pageSize: 101 }],
    ["no maximum", { maxPageSize: Number.POSITIVE_INFINITY }],
    ["SQL that swallows what follows", { from: sql`items /* `, primaryKey: ["id"] }],
  ])("%s", async (_, change) => {
    const make = async () => keyset(pool, { ...options, ...change })({ first: 1 });
    await expect(make()).rejects.toMatchObject({ code: "UPSHIFT_INVALID_ARGUMENT" });
  });

  test("a filter or selection that is text, not SQL", async () => {
    const items = keyset(pool, options);
    const text = "1 = 1" as unknown as ReturnType<typeof sql>;
    await expect(items({ where: text })).rejects.toThrow(/`where` as sql/);
    await expect(items({ select: text })).rejects.toThrow(/`select` as a list/);
    expect(() => keysetRows(pool, { from: "items", order: ["id"], where: text })).toThrow(
      /`where`/,
    );
  });

  test("names that are not there, with those that are", async () => {
    await expect(keyset(pool, { ...options, from: "Items" })()).rejects.toMatchObject({
      code: "UPSHIFT_UNKNOWN_TABLE",
    });
    await expect(keyset(pool, { ...options, order: ["Score"] })()).rejects.toMatchObject({
      code: "UPSHIFT_UNKNOWN_COLUMN",
      message: expect.stringContaining("score"),
    });
    await expect(keyset(pool, options)({ select: ["nothing"] })).rejects.toMatchObject({
      code: "UPSHIFT_UNKNOWN_COLUMN",
    });
  });

  test("a failure is not kept: the list works once the table is there", async () => {
    const later = keyset(pool, { ...options, from: "later", order: ["id"] });
    await expect(later()).rejects.toMatchObject({ code: "UPSHIFT_UNKNOWN_TABLE" });
    await pool.query("CREATE TABLE later (id int PRIMARY KEY)");
    expect((await later()).rows).toEqual([]);
  });
});
