import { loadStore, replay, storeSize, storeWorkload } from "@upshift/example-store";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const SCALE = 0.01;
const TABLES = [
  "users",
  "categories",
  "products",
  "orders",
  "order_items",
  "posts",
  "comments",
  "events",
];

let first: TestDatabase;
let second: TestDatabase;
beforeAll(async () => {
  [first, second] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  await loadStore(first.url, { scale: SCALE, connections: 1 });
  await loadStore(second.url, { scale: SCALE, connections: 3 });
});
afterAll(() => Promise.all([first.drop(), second.drop()]));

/** A hash of every row of a table, in the order in which the rows lie there. */
async function checksum(database: TestDatabase, table: string): Promise<unknown> {
  return await database.query(
    `SELECT count(*)::int AS rows, md5(string_agg(md5(t::text), '' ORDER BY ctid)) AS sum FROM ${table} AS t`,
  );
}

describe("two loads", () => {
  test.each(TABLES)("fill %s with the same rows in the same order", async (table) => {
    expect(await checksum(first, table)).toEqual(await checksum(second, table));
  });

  test("leave nothing but the shop behind", async () => {
    const schemas = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$'";
    expect(await first.query(schemas)).toEqual([{ nspname: "public" }]);
  });
});

describe("the rows", () => {
  test("are as many as the size says", async () => {
    const { orders, users, events } = storeSize(SCALE);
    expect([orders, users, events]).toEqual([4000, 500, 3200]);
    const [counted] = await first.query(
      `SELECT (SELECT count(*)::int FROM orders) AS orders, (SELECT count(*)::int FROM users) AS users,
              (SELECT count(*)::int FROM events) AS events, (SELECT count(*)::int FROM order_items) AS items`,
    );
    expect(counted).toEqual({ orders, users, events, items: 8800 });
  });

  test("are skewed: the busiest fifth of the users has more than a third of the orders", async () => {
    const [share] = await first.query(
      `SELECT (sum(n) FILTER (WHERE place <= 100) / sum(n))::float8 AS ratio
       FROM (SELECT count(*) AS n, row_number() OVER (ORDER BY count(*) DESC) AS place FROM orders GROUP BY user_id)`,
    );
    // A draw u ** 2 puts sqrt(0.2) = 0.447 of the orders on the first fifth.
    expect(share?.["ratio"]).toBeGreaterThan(0.4);
    expect(share?.["ratio"]).toBeLessThan(0.55);
  });

  test("have statistics, keys and every planned index", async () => {
    const [known] = await first.query(
      `SELECT (SELECT count(*)::int FROM pg_indexes WHERE schemaname = 'public') AS indexes,
              (SELECT count(*)::int FROM pg_constraint WHERE contype = 'f' AND convalidated) AS foreign_keys,
              (SELECT count(DISTINCT tablename)::int FROM pg_stats WHERE schemaname = 'public') AS analysed`,
    );
    // 8 primary keys, 4 unique constraints, 7 indexes.
    expect(known).toEqual({ indexes: 19, foreign_keys: 9, analysed: 8 });
  });
});

describe("a replay", () => {
  test("calls every query, and meets the same rows in every database and every time", async () => {
    const options = { scale: SCALE, callsRatio: 0.1 };
    const once = await replay(first.url, options);
    const again = await replay(first.url, options);
    const elsewhere = await replay(second.url, options);
    const rowsOf = (timings: typeof once): unknown => timings.map(({ name, rows }) => [name, rows]);
    expect(once.map(({ name }) => name)).toEqual(storeWorkload.map(({ name }) => name));
    expect(once.every(({ calls, p50Ms }) => calls >= 1 && p50Ms > 0)).toBe(true);
    expect(rowsOf(again)).toEqual(rowsOf(once));
    expect(rowsOf(elsewhere)).toEqual(rowsOf(once));
  });

  test("leaves the data as it was, although some of its queries write", async () => {
    expect(await checksum(first, "events")).toEqual(await checksum(second, "events"));
  });

  test("stops with the reason of its signal", async () => {
    const reason = new Error("enough");
    const abort = new AbortController();
    const replaying = replay(first.url, {
      scale: SCALE,
      signal: abort.signal,
      onProgress: ({ done }) => {
        if (done === 5) abort.abort(reason);
      },
    });
    await expect(replaying).rejects.toBe(reason);
  });
});

test("a load stops with the reason of its signal", async () => {
  const database = await createTestDatabase();
  const reason = new Error("enough");
  const abort = new AbortController();
  const loading = loadStore(database.url, {
    scale: SCALE,
    signal: abort.signal,
    onProgress: ({ done }) => {
      if (done === 3) abort.abort(reason);
    },
  });
  await expect(loading).rejects.toBe(reason);
  await database.drop();
});
