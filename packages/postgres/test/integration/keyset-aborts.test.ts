import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Pool } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Queryable } from "../../src/connection/queryable.ts";
import { cursors, keyset, keysetRows, sql } from "../../src/index.ts";
import { TEST_SECRET } from "./keyset/walk-random-table.ts";

const REPETITIONS = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 1000 : 100;

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 2 });
  pool.on("error", () => undefined);
  await pool.query(
    "CREATE TABLE items (id int PRIMARY KEY, n int); INSERT INTO items SELECT g, g % 5 FROM generate_series(1, 500) g",
  );
});
// A failure here fails the test that leaked.
afterEach(async () => {
  const { waitingCount, totalCount, idleCount } = pool;
  if (waitingCount > 0 || totalCount > idleCount) throw new Error("a connection leaked");
  await pool.query("SELECT 1");
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const options = {
  from: "items",
  order: ["n"],
  cursors: cursors({ secret: TEST_SECRET }),
} as const;

/** The pool, aborting as a connection or an answer is waited for the `countdown`-th time. */
function abortingPool(countdown: number, abort: AbortController): Queryable {
  let left = countdown;
  const wait = async <T>(result: Promise<T>): Promise<T> => {
    left -= 1;
    if (left === 0) abort.abort(new Error("enough"));
    return result;
  };
  const query: Queryable["query"] = (text, values) => wait(pool.query(text, values));
  const connect = async () => {
    const client = await wait(pool.connect());
    return new Proxy(client, {
      get(target, name) {
        if (name === "query") {
          return (...args: Parameters<typeof client.query>) =>
            wait(Promise.resolve(target.query(...args)));
        }
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  };
  return { query, connect } as Queryable;
}

/** Calls with an abort at the first wait, the second, … until a call has fewer: how many there were. */
async function abortEverywhere(
  call: (db: Queryable, signal: AbortSignal) => Promise<unknown>,
): Promise<number> {
  for (let countdown = 1; ; countdown += 1) {
    const abort = new AbortController();
    const outcome = await call(abortingPool(countdown, abort), abort.signal).then(
      () => "finished",
      (error: unknown) => error,
    );
    expect(outcome).toBe(abort.signal.aborted ? abort.signal.reason : "finished");
    if (!abort.signal.aborted) return countdown - 1;
  }
}

async function allOf(rows: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of rows) count += 1;
  return count;
}

describe("an abort at every wait ends the call with its reason and leaks no connection", () => {
  test("of a page with a count", async () => {
    const waits = await abortEverywhere((db, signal) =>
      keyset(db, options)({ first: 5, count: true, signal }),
    );
    // At least the table, its keys, the keys' types, a connection, the page, the count.
    expect(waits).toBeGreaterThanOrEqual(6);
  });

  test("of an explanation", async () => {
    const waits = await abortEverywhere((db, signal) => keyset(db, options).explain({ signal }));
    expect(waits).toBeGreaterThan(6);
  });

  test("of a whole walk", async () => {
    const waits = await abortEverywhere(async (db, signal) => {
      expect(await allOf(keysetRows(db, options, { signal, pageSize: 200 }))).toBe(500);
    });
    // Three pages, a connection for each.
    expect(waits).toBeGreaterThanOrEqual(3 + 3 * 2);
  });
});

test("a signal that is aborted before starts nothing", async () => {
  const signal = AbortSignal.abort(new Error("before"));
  const never: Queryable = {
    query: () => {
      throw new Error("asked");
    },
  };
  await expect(keyset(never, options)({ signal })).rejects.toThrow("before");
  await expect(allOf(keysetRows(never, options, { signal }))).rejects.toThrow("before");
});

const sleepers = async () => {
  const [row] = await database.query(
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%keyset-aborts */%' AND pid <> pg_backend_pid() AND datname = current_database()",
  );
  return row?.["n"];
};

test("an abort cancels the statement on the server", async () => {
  const abort = new AbortController();
  const where = sql`pg_sleep(600) IS NOT NULL /* keyset-aborts */`;
  const page = keyset(pool, options)({ first: 1, where, signal: abort.signal });
  await expect.poll(sleepers).toBe(1);
  abort.abort(new Error("enough"));
  await expect(page).rejects.toThrow("enough");
  await expect.poll(sleepers).toBe(0);
});

test("a backend that is killed under a page is an error, and the next page works", async () => {
  const items = keyset(pool, options);
  const { next } = await items({ first: 3 });
  const where = sql`pg_terminate_backend(pg_backend_pid())`;
  await expect(items({ first: 1, where })).rejects.toMatchObject({ code: "57P01" });
  expect((await items({ first: 3, after: next })).rows).toHaveLength(3);
});

test("while the pool is exhausted a page waits, and an abort ends its waiting", async () => {
  const items = keyset(pool, options);
  await items();
  const held = await Promise.all([pool.connect(), pool.connect()]);
  const abort = new AbortController();
  const page = items({ first: 1, signal: abort.signal });
  abort.abort(new Error("enough"));
  await expect(page).rejects.toThrow("enough");
  const patient = items({ first: 1 });
  for (const client of held) client.release();
  expect((await patient).rows).toHaveLength(1);
});

test("a walk holds no connection between its pages, and none when its consumer leaves", async () => {
  const rows = keysetRows<{ readonly id: number }>(pool, options, { pageSize: 10 });
  let count = 0;
  for await (const _ of rows) {
    count += 1;
    expect(pool.totalCount - pool.idleCount).toBe(0);
    if (count === 25) break;
  }
  await expect(rows.next()).resolves.toEqual({ done: true, value: undefined });
});

test("a walk goes on over rows that change, and sees each unchanged row once", async () => {
  await pool.query(
    "CREATE TABLE live (id int PRIMARY KEY); INSERT INTO live SELECT g * 2 FROM generate_series(1, 300) g",
  );
  const seen: number[] = [];
  for await (const { id } of keysetRows<{ readonly id: number }>(
    pool,
    { from: "live", order: ["id"] },
    { pageSize: 7 },
  )) {
    seen.push(id);
    if (id % 40 === 0)
      await pool.query("INSERT INTO live VALUES ($1) ON CONFLICT DO NOTHING", [id - 39]);
  }
  expect(seen).toEqual(Array.from({ length: 300 }, (_, index) => (index + 1) * 2));
});

test(`${REPETITIONS} pages and aborted pages leave no connection and no listener`, async () => {
  const items = keyset(pool, options);
  const abort = new AbortController();
  for (let round = 0; round < REPETITIONS; round += 1) {
    await items({ first: 5, signal: abort.signal });
    const enough = new AbortController();
    const page = items({ first: 5, signal: enough.signal });
    enough.abort(new Error("enough"));
    await expect(page).rejects.toThrow("enough");
  }
  const [row] = await database.query(
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
  );
  expect(row?.["n"]).toBeLessThanOrEqual(2);
});
