import { getEventListeners } from "node:events";
import { PassThrough } from "node:stream";
import { PGlite } from "@electric-sql/pglite";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Client, Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { exportRows, type Queryable, sql, streamRows } from "../../src/index.ts";
import { usedBytes } from "../used-bytes.ts";
import { sleepingBackend, expectNoLeak, until } from "../stream/no-leak.ts";

const IS_FULL = process.env["UPSHIFT_TEST_SCALE"] === "full";

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(`
    CREATE TABLE item (id int PRIMARY KEY, name text, at timestamptz);
    INSERT INTO item SELECT n, 'item ' || n, '2026-01-01'::timestamptz + n * interval '1 s' FROM generate_series(1, 5000) n`);
});
beforeEach(() => {
  pool = new Pool({ connectionString: database.url, max: 2 });
});
afterEach(async () => {
  await expectNoLeak(pool, database);
  await pool.end();
});
afterAll(() => database.drop());

const numbers = (count: number) => sql`SELECT n FROM generate_series(1, ${count}::int) AS n`;
const upTo = (count: number) => Array.from({ length: count }, (_, index) => ({ n: index + 1 }));

async function collect<R>(rows: AsyncIterable<R>): Promise<R[]> {
  const all: R[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

/** A pool that tells which statements ran. */
function watched(): { readonly db: Queryable; readonly statements: string[] } {
  const statements: string[] = [];
  const db = {
    query: (text: string, values?: unknown[]) => pool.query(text, values),
    async connect() {
      const client = await pool.connect();
      return {
        query(text: string, values?: unknown[]) {
          statements.push(text);
          return client.query(text, values);
        },
        release: (error?: Error | boolean) => client.release(error),
      };
    },
  };
  return { db, statements };
}
const fetches = (statements: readonly string[]) =>
  statements.filter((text) => text.startsWith("FETCH")).length;

describe("the rows", () => {
  test("the first example of the page on streaming", async () => {
    let count = 0;
    for await (const item of streamRows(pool, sql`SELECT id, name FROM item ORDER BY id`)) {
      count += 1;
      expect(item).toEqual({ id: count, name: `item ${count}` });
    }
    expect(count).toBe(5_000);
  });

  test.each([0, 1, 2, 3, 4, 63, 64, 65, 320, 5_000])(
    "%i of them come once and in order",
    async (count) => {
      for (const batchSize of ["adaptive", 1, 3, 64, 10_000] as const) {
        if (batchSize === 1 && count > 100) continue;
        expect(await collect(streamRows(pool, numbers(count), { batchSize }))).toEqual(upTo(count));
      }
    },
  );

  test("they have the types and parameters of an ordinary query", async () => {
    const query = {
      text: `SELECT *, $2::jsonb AS j, $3 AS t, $4::bytea AS b -- $9 ; ' $$
        FROM item WHERE id = ANY($1) AND name <> 'it''s; $7' ORDER BY id; -- the end`,
      values: [[1, 2, 4_999], { a: [1, null] }, null, Buffer.from([0, 255])],
    };
    expect(await collect(streamRows(pool, query))).toEqual((await pool.query(query)).rows);
  });

  test("memory holds the batch that is worked on and the next one, no more", async () => {
    const { db, statements } = watched();
    const rows = streamRows(db, numbers(100), { batchSize: 10 });
    await rows.next();
    await until(() => fetches(statements) === 2);
    for (let taken = 2; taken <= 10; taken++) await rows.next();
    await new Promise(setImmediate);
    expect(fetches(statements)).toBe(2);
    await rows.next();
    await until(() => fetches(statements) === 3);
    await rows.return();
  });

  test("wide rows come in small batches, narrow ones in large", async () => {
    const { db, statements } = watched();
    await collect(
      streamRows(db, sql`SELECT repeat('x', 200000) AS x FROM generate_series(1, 100)`),
    );
    const sizes = statements.flatMap((text) => /^FETCH (\d+)/.exec(text)?.[1] ?? []).map(Number);
    expect(sizes.slice(0, 3)).toEqual([64, 2, 2]);
    statements.length = 0;
    await collect(streamRows(db, numbers(20_000)));
    expect(statements.filter((text) => text.startsWith("FETCH 1024"))).not.toEqual([]);
  });

  test("calls of next that do not wait for each other get their rows in order", async () => {
    const rows = streamRows(pool, numbers(5), { batchSize: 2 });
    const results = await Promise.all(Array.from({ length: 7 }, () => rows.next()));
    expect(results.map(({ value }) => value?.["n"])).toEqual([1, 2, 3, 4, 5, undefined, undefined]);
    expect(results.map(({ done }) => done)).toEqual([...Array(5).fill(false), true, true]);
  });

  test.each([
    "SELECT 1; SELECT 2",
    "SELECT 1 /* ; */; DROP TABLE item",
    "SELECT 1); DELETE FROM item; --",
    "SELECT 1) x; --",
    "DELETE FROM item",
    "INSERT INTO item VALUES (0)",
    "",
    "SELECT 'open",
    "SELECT $1",
    "SELECT $2",
  ])("%j is refused before anything is acquired", (text) => {
    expect(() => streamRows(pool, { text })).toThrow(
      expect.objectContaining({ code: "UPSHIFT_INVALID_ARGUMENT" }),
    );
    expect(pool.totalCount).toBe(0);
  });

  test("nothing can be written", async () => {
    await database.query(
      "CREATE FUNCTION spoil() RETURNS int LANGUAGE sql AS 'DELETE FROM item RETURNING id'",
    );
    await expect(collect(streamRows(pool, { text: "SELECT spoil()" }))).rejects.toMatchObject({
      code: "25006",
    });
  });
});

describe("the connection goes back", () => {
  test("what never starts acquires nothing", async () => {
    const rows = streamRows(pool, numbers(10));
    await rows.return();
    expect(await rows.next()).toEqual({ done: true, value: undefined });
    expect(pool.totalCount).toBe(0);
  });

  test("at a break, return or error in every position, and the connection is kept", async () => {
    const pids = new Set<number>();
    for (let position = 1; position <= 11; position++) {
      for (const end of ["break", "throw", "return"]) {
        const body = async (): Promise<string> => {
          let taken = 0;
          for await (const _ of streamRows(pool, numbers(10), { batchSize: 3 })) {
            taken += 1;
            if (taken < position) continue;
            if (end === "throw") throw new Error("mine");
            if (end === "return") return "returned";
            break;
          }
          return "over";
        };
        const outcome = await body().catch((error: Error) => error.message);
        expect(outcome).toBe(
          position > 10 || end === "break" ? "over" : end === "throw" ? "mine" : "returned",
        );
        expect(pool.idleCount).toBe(1);
        const { rows } = await pool.query(
          "SELECT pg_backend_pid() AS pid, now() = clock_timestamp() AS x",
        );
        pids.add(rows[0].pid);
      }
    }
    expect(pids.size).toBe(1);
  });

  test("when the iteration is ended while it waits for a row; the query is cancelled", async () => {
    const rows = streamRows(pool, sql`SELECT pg_sleep(600)`);
    const waiting = rows.next();
    await sleepingBackend(database);
    await rows.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(pool.idleCount).toBe(pool.totalCount);
  });

  test("when the query fails, in the first row or a later one", async () => {
    for (const bad of [1, 700]) {
      const rows = streamRows(
        pool,
        sql`SELECT 1 / (n - ${bad}::int) FROM generate_series(1, 1000) n`,
      );
      await expect(collect(rows)).rejects.toMatchObject({ code: "22012" });
      expect(await rows.next()).toEqual({ done: true, value: undefined });
      expect(pool.idleCount).toBe(1);
    }
    await expect(collect(streamRows(pool, sql`SELECT nothing`))).rejects.toMatchObject({
      code: "42703",
    });
  });

  test("when the backend is killed while a statement runs, or between two batches", async () => {
    const sleeping = collect(streamRows(pool, sql`SELECT pg_sleep(600)`));
    const kill = async () =>
      database.query("SELECT pg_terminate_backend($1)", [await sleepingBackend(database)]);
    await Promise.all([expect(sleeping).rejects.toThrow(/terminat/), kill()]);

    const rows = streamRows<{ pid: number }>(
      pool,
      sql`SELECT pg_backend_pid() AS pid FROM generate_series(1, 1000)`,
      { batchSize: 2 },
    );
    const first = await rows.next();
    await database.query("SELECT pg_terminate_backend($1)", [first.value?.pid]);
    await expect(collect(rows)).rejects.toThrow(/terminat|not queryable/);
  });

  test("when nobody takes rows any more", async () => {
    const rows = streamRows(pool, numbers(1_000), { batchSize: 10, idleTimeout: 30 });
    await rows.next();
    await until(() => pool.idleCount === pool.totalCount);
    await expect(rows.next()).rejects.toMatchObject({ code: "UPSHIFT_STREAM_IDLE" });
  });

  test("but what is in memory already may be taken at leisure", async () => {
    const rows = streamRows(pool, numbers(3), { idleTimeout: 300 });
    await rows.next();
    await until(() => pool.idleCount === 1);
    // Only time shows that it does not end by time.
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(await collect(rows)).toEqual([{ n: 2 }, { n: 3 }]);
  });

  test("when its time is over", async () => {
    const rows = streamRows(pool, sql`SELECT pg_sleep(600)`, { timeout: 40 });
    await expect(rows.next()).rejects.toMatchObject({ code: "UPSHIFT_STREAM_TIMEOUT" });
    const held = await Promise.all([pool.connect(), pool.connect()]);
    const waiting = streamRows(pool, numbers(1), { timeout: 20 });
    await expect(waiting.next()).rejects.toMatchObject({ code: "UPSHIFT_STREAM_TIMEOUT" });
    for (const client of held) client.release();
  });
});

describe("an abort", () => {
  const reason = new Error("enough");

  test("before the start acquires nothing", async () => {
    const rows = streamRows(pool, numbers(1), { signal: AbortSignal.abort(reason) });
    await expect(rows.next()).rejects.toBe(reason);
    expect(pool.totalCount).toBe(0);
  });

  test("while the pool is exhausted loses no connection", async () => {
    const held = await Promise.all([pool.connect(), pool.connect()]);
    const abort = new AbortController();
    const waiting = streamRows(pool, numbers(1), abort).next();
    await new Promise(setImmediate);
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    for (const client of held) client.release();
  });

  test("while a statement runs cancels it", async () => {
    const abort = new AbortController();
    const waiting = streamRows(pool, sql`SELECT pg_sleep(600)`, abort).next();
    await sleepingBackend(database);
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  test("between two rows ends it at once", async () => {
    const abort = new AbortController();
    const rows = streamRows(pool, numbers(1_000), { batchSize: 5, signal: abort.signal });
    await rows.next();
    abort.abort(reason);
    await expect(rows.next()).rejects.toBe(reason);
    expect(await rows.next()).toEqual({ done: true, value: undefined });
  });

  test("may be listened for by any number of streams and exports without a warning, and is let go of", async () => {
    const warnings: string[] = [];
    const listen = (warning: Error) => warnings.push(warning.message);
    process.on("warning", listen);
    const { signal } = new AbortController();
    const streams = Array.from({ length: 15 }, () =>
      collect(streamRows(pool, numbers(1), { signal })),
    );
    await Promise.all(streams);
    const exports = Array.from({ length: 15 }, () =>
      exportRows(pool, numbers(1), new PassThrough().resume(), { format: "csv", signal }),
    );
    await Promise.all(exports);
    await new Promise(setImmediate);
    process.removeListener("warning", listen);
    expect(warnings).toEqual([]);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("after any number of statements leaves nothing behind", async () => {
    for (let statement = 1; statement <= 7; statement++) {
      const abort = new AbortController();
      const { db, statements } = watched();
      const push = statements.push.bind(statements);
      statements.push = (...texts) => {
        const count = push(...texts);
        if (count === statement) abort.abort(reason);
        return count;
      };
      const all = collect(streamRows(db, numbers(20), { batchSize: 5, signal: abort.signal }));
      await expect(all).rejects.toBe(reason);
    }
  });
});

describe("a connection of the caller", () => {
  test("sees what its transaction wrote, and keeps what is written meanwhile", async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query("BEGIN");
    await client.query(
      "CREATE TABLE seen (n int); INSERT INTO seen SELECT generate_series(1, 100)",
    );
    for await (const { n } of streamRows(client, sql`SELECT n FROM seen`, { batchSize: 7 })) {
      if (n === 50) break;
      await client.query("UPDATE seen SET n = -n WHERE n = $1", [n]);
      // A stream within a stream, on the same connection.
      expect(await collect(streamRows(client, numbers(3)))).toHaveLength(3);
    }
    const { rows } = await client.query("SELECT count(*)::int AS n FROM seen WHERE n < 0");
    expect(rows).toEqual([{ n: 49 }]);
    await client.query("ROLLBACK");
    expect(await collect(streamRows(client, numbers(3)))).toHaveLength(3);
    await client.query("UPDATE item SET name = name WHERE id = 1");
    await client.end();
  });
});

test("PGlite streams too", async () => {
  const lite = await PGlite.create();
  expect(await collect(streamRows(lite, numbers(200), { batchSize: 30 }))).toEqual(upTo(200));
  for await (const row of streamRows(lite, numbers(200), { batchSize: 30 }))
    if (row["n"] === 31) break;
  await expect(collect(streamRows(lite, sql`SELECT 1 / 0`))).rejects.toMatchObject({
    code: "22012",
  });
  expect((await lite.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  await lite.close();
}, 120_000);

test("a thousand streams, most of them broken off, take no memory with them", async () => {
  const abort = new AbortController();
  const run = async (index: number): Promise<void> => {
    for await (const { n } of streamRows(pool, numbers(300), {
      batchSize: 50,
      signal: abort.signal,
    }))
      if (n === index % 301) break;
  };
  for (let index = 0; index < 50; index++) await run(index);
  const before = usedBytes();
  const runs = IS_FULL ? 1_000 : 50;
  for (let index = 0; index < runs; index++) await run(index);
  expect(usedBytes() - before).toBeLessThan(3_000_000);
  expect(pool.totalCount).toBe(1);
}, 120_000);
