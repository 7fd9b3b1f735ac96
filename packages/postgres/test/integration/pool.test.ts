import { AsyncLocalStorage } from "node:async_hooks";
import { inspect } from "node:util";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { Kysely, PostgresDialect } from "kysely";
import pg, { Pool as PgPoolClass } from "pg";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { catalogOf } from "../../src/catalog/catalog.ts";
import { coalesce } from "../../src/load/coalesce/coalesce.ts";
import { createPool } from "../../src/pool/create-pool.ts";
import type { PgPool } from "../../src/pool/pg-driver.ts";
import { ownPid, poolOpener } from "../pool-under-test.ts";
import { until } from "../until.ts";
import { usedBytes } from "../used-bytes.ts";

const IS_FULL = process.env["UPSHIFT_TEST_SCALE"] === "full";
const MARK = "/* pool.test */";
const SLEEP = `SELECT pg_sleep(600) ${MARK}`;

let database: TestDatabase;
const open = poolOpener(() => database.url);
beforeAll(async () => {
  database = await createTestDatabase();
  await database.query("CREATE TABLE written (n int PRIMARY KEY)");
});
afterAll(() => database.drop());

async function kill(processId: number): Promise<void> {
  await database.query("SELECT pg_terminate_backend($1)", [processId]);
  await until(async () => {
    const rows = await database.query("SELECT 1 FROM pg_stat_activity WHERE pid = $1", [processId]);
    return rows.length === 0;
  });
}

const sleeperCount = async (): Promise<number> =>
  (
    await database.query(
      "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%' AND query LIKE $1",
      [`%${MARK}`],
    )
  ).length;

const SETTINGS = `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
  current_setting('idle_in_transaction_session_timeout') AS idle`;

describe("sessions", () => {
  test("have every timeout, those of the pg pool below too", async () => {
    const db = open({ statementTimeout: "7s", lockTimeout: 0 });
    const expected = [{ statement: "7s", lock: "0", idle: "30s" }];
    expect((await db.query(SETTINGS)).rows).toEqual(expected);
    expect((await db.primary.query(SETTINGS)).rows).toEqual(expected);
  });

  test("keep what the role was given where the timeout is only a default", async () => {
    await database.query("CREATE ROLE careful LOGIN PASSWORD 'x'");
    await database.query("ALTER ROLE careful SET statement_timeout = '3s'");
    await database.query("ALTER ROLE careful SET lock_timeout = '2s'");
    const db = open({ primary: database.urlAs("careful", "x"), lockTimeout: "1s" });
    expect((await db.query(SETTINGS)).rows).toEqual([{ statement: "3s", lock: "1s", idle: "30s" }]);
  });

  test("are not shared: an open transaction never comes back to the pool", async () => {
    const db = open({ max: 1 });
    await db.query("BEGIN; INSERT INTO written VALUES (1)");
    const failing = db.query("BEGIN; INSERT INTO written VALUES (1); SELECT 1 / 0");
    await expect(failing).rejects.toMatchObject({ code: "22012" });
    expect((await db.query("SELECT txid_current_if_assigned() AS id")).rows).toEqual([
      { id: null },
    ]);
    expect((await db.query("SELECT * FROM written")).rows).toEqual([]);
  });

  test("live on after a statement that failed, which pg's own pool would close", async () => {
    const db = open({ max: 1 });
    const pid = await ownPid(db);
    await expect(db.query("SELECT $1::int", ["no number"])).rejects.toMatchObject({
      code: "22P02",
    });
    await expect(db.query("SELEC")).rejects.toMatchObject({ code: "42601" });
    expect(await ownPid(db)).toBe(pid);
  });
});

describe("acquiring", () => {
  test("from an exhausted pool fails in time, and says how busy it is", async () => {
    const db = open({ max: 2, connectionTimeout: 500 });
    const held = await Promise.all([db.connect(), db.connect()]);
    const failures = await Promise.allSettled([db.query("SELECT 1"), db.primary.query("SELECT 1")]);
    for (const failure of failures) {
      expect(failure).toMatchObject({
        reason: {
          code: "UPSHIFT_POOL_TIMEOUT",
          details: { max: 2, busyCount: 2, connectingCount: 0, timeoutMs: 500 },
        },
      });
    }
    expect(String((failures[0] as PromiseRejectedResult).reason)).toMatch(
      /2 of 2 are busy, 1 more/,
    );
    expect(db.gauges()).toMatchObject({ busyCount: 2, waitingCount: 0 });
    expect(db.gauges().acquire).toMatchObject({ count: 2, timeoutCount: 2 });
    for (const client of held) client.release();
    expect((await db.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    expect(db.gauges()).toMatchObject({ busyCount: 0, idleCount: 2, totalCount: 2 });
  });

  test("counts who waited and for how long", async () => {
    const db = open({ max: 1 });
    const held = await db.connect();
    const waiting = db.query("SELECT 1");
    await until(() => db.gauges().waitingCount === 1 && db.gauges().longestHeldMs >= 20);
    held.release();
    await waiting;
    const { count, maxMs, totalMs } = db.gauges().acquire;
    expect(count).toBe(2);
    expect(maxMs).toBeGreaterThanOrEqual(15);
    expect(totalMs).toBeGreaterThanOrEqual(maxMs);
  });

  test("can be aborted while it waits, at once and without losing the connection", async () => {
    const db = open({ max: 1 });
    const held = await db.connect();
    const reason = new Error("enough");
    const abort = new AbortController();
    const waiting = [db.connect(abort), db.query("SELECT 1", [], abort)];
    await until(() => db.waitingCount === 2);
    abort.abort(reason);
    for (const each of waiting) await expect(each).rejects.toBe(reason);
    held.release();
    await db.query("SELECT 1");
    expect(db.gauges()).toMatchObject({ totalCount: 1, idleCount: 1, busyCount: 0 });
    await expect(db.connect(abort)).rejects.toBe(reason);
  });

  test("a statement is cancelled on the server when it is aborted", async () => {
    const db = open();
    const abort = new AbortController();
    const sleeping = db.query(SLEEP, [], abort);
    await until(async () => (await sleeperCount()) === 1);
    abort.abort(new Error("enough"));
    await expect(sleeping).rejects.toThrow("enough");
    await until(async () => (await sleeperCount()) === 0);
    expect(db.gauges().busyCount).toBe(0);
  });

  test("passes pg's own query forms on", async () => {
    const db = open();
    const array = await db.query({ text: "SELECT $1::int, 2", values: [1], rowMode: "array" });
    expect(array.rows).toEqual([[1, 2]]);
    await db.query({ text: "SELECT 1", name: "one" });
    const client = await db.connect();
    client.release();
    const named = await db.query("SELECT name FROM pg_prepared_statements");
    expect(named.rows).toEqual([{ name: "one" }]);
    const cursor = { text: "SELECT 1", submit: () => undefined };
    await expect(db.query(cursor)).rejects.toMatchObject({ code: "UPSHIFT_INVALID_ARGUMENT" });
  });
});

describe("a connection that ends", () => {
  test("while idle is reported once, and the next statement has another", async () => {
    const db = open();
    const pid = await ownPid(db);
    await kill(pid);
    await until(() => db.totalCount === 0);
    expect(db.failures.map((error) => (error as { code?: string }).code)).toEqual(["57P01"]);
    expect(Object.keys(db.failures[0] ?? {})).not.toContain("client");
    expect(await ownPid(db)).not.toBe(pid);
    expect(db.gauges().errorCount).toBe(1);
  });

  test("while handed out does not end the process", async () => {
    const db = open();
    const client = await db.connect();
    await kill(await ownPid(client));
    await until(() => db.failures.length > 0);
    await expect(client.query("SELECT 1")).rejects.toThrow(/not queryable|terminat/);
    client.release();
    expect(db.totalCount).toBe(0);
    await db.query("SELECT 1");
  });

  test("in the middle of a statement fails that statement only", async () => {
    const db = open({ max: 2 });
    const failed = Promise.allSettled([db.query(SLEEP)]);
    await until(async () => (await sleeperCount()) === 1);
    await database.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND query LIKE $1",
      [`%${MARK}`],
    );
    expect(await failed).toMatchObject([{ reason: { code: "57P01" } }]);
    await db.query("SELECT 1");
    expect(db.gauges().busyCount).toBe(0);
  });

  test("a hook that throws harms nothing", async () => {
    const db = open({
      onError: () => {
        throw new Error("hook");
      },
    });
    await kill(await ownPid(db));
    await until(() => db.gauges().errorCount === 1);
    expect((await db.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });
});

describe("lifetimes", () => {
  test("differ: connections that were opened together end one by one", async () => {
    let connectionCount = 0;
    // The longest, in the middle, the shortest: 1200, 1050 and 900 ms.
    const db = open({ max: 3, maxLifetime: 1_200, random: () => connectionCount / 2 });
    const leftCounts: number[] = [];
    db.primary.on("remove", () => leftCounts.push(db.totalCount));
    const clients = [];
    for (; connectionCount < 3; connectionCount += 1) clients.push(await db.connect());
    for (const client of clients) client.release();
    await until(() => db.totalCount === 0 && leftCounts.length === 3);
    expect(leftCounts).toEqual([2, 1, 0]);
  });

  test("a connection whose time is up while it is in use ends when it is released", async () => {
    const db = open({ maxLifetime: 50 });
    const client = await db.connect();
    await until(() => db.gauges().longestHeldMs > 100);
    expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    client.release();
    expect(db.totalCount).toBe(0);
  });
});

describe("closing", () => {
  test("lets those finish who are there, in line too, and takes nobody else", async () => {
    const db = open({ max: 1 });
    const held = await db.connect();
    const inLine = db.query("SELECT 1 AS one");
    const closed = db.close();
    const again = db.close({ timeout: 0 });
    await expect(db.query("SELECT 1")).rejects.toMatchObject({ code: "UPSHIFT_POOL_CLOSED" });
    await expect(db.connect()).rejects.toMatchObject({ code: "UPSHIFT_POOL_CLOSED" });
    await expect(db.primary.query("SELECT 1")).rejects.toMatchObject({
      code: "UPSHIFT_POOL_CLOSED",
    });
    expect((await held.query("SELECT 2 AS two")).rows).toEqual([{ two: 2 }]);
    held.release();
    expect((await inLine).rows).toEqual([{ one: 1 }]);
    await Promise.all([closed, again, db.end()]);
    expect(db.totalCount).toBe(0);
    expect(db.failures).toEqual([]);
  });

  test("cancels what is not done in time", async () => {
    const db = open({ max: 1 });
    const sleeping = db.query(SLEEP);
    await until(async () => (await sleeperCount()) === 1);
    const inLine = db.query("SELECT 1");
    const outcomes = Promise.allSettled([sleeping, inLine]);
    await db.close({ timeout: 20 });
    const [asleep, late] = await outcomes;
    expect(asleep).toMatchObject({ status: "rejected" });
    expect(late).toMatchObject({ reason: { code: "UPSHIFT_POOL_CLOSED" } });
    await until(async () => (await sleeperCount()) === 0);
    expect(db.totalCount).toBe(0);
    expect(db.failures).toEqual([]);
  });

  test("takes a connection from one that never gives it back, whose release then does nothing", async () => {
    const db = open();
    const held = await db.connect();
    await db.close({ timeout: 0 });
    expect(() => held.release()).not.toThrow();
    await expect(held.query("SELECT 1")).rejects.toThrow(/not queryable|closed/);
    expect(db.totalCount).toBe(0);
  });

  test("also works after the pg pool below was ended by someone else", async () => {
    const db = open();
    await db.query("SELECT 1");
    await db.primary.end();
    await expect(db.query("SELECT 1")).rejects.toMatchObject({ code: "UPSHIFT_POOL_CLOSED" });
    await db.close();
  });
});

describe("secrets", () => {
  const PASSWORD = "s3cret/pass word";

  test.each([
    ["a URL", () => database.urlAs("postgres", PASSWORD)],
    [
      "a configuration",
      () => {
        const { hostname, port } = new URL(database.url);
        return { host: hostname, port: Number(port), user: "postgres", password: PASSWORD };
      },
    ],
  ])("of %s are in no error and in nothing that prints the pool", async (_, address) => {
    const db = open({ primary: address(), replicas: [address()] });
    const error: unknown = await db.query("SELECT 1").catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "28P01" });
    const printed = [db, db.primary, db.read, error, await db.health()].flatMap((value) => [
      inspect(value, { depth: Infinity, getters: true }),
      String(value),
    ]);
    printed.push(JSON.stringify(db), JSON.stringify(db.primary.options));
    for (const text of printed) {
      expect(text).not.toContain("s3cret");
      expect(text).not.toContain(encodeURIComponent(PASSWORD));
    }
    expect(inspect(db)).toContain("busyCount: 0");
  });

  test("of an address that cannot be read are not quoted", () => {
    const address = "postgres://u:s3cret%ZZ@h:99999/x";
    expect(() => createPool({ primary: address })).toThrow(/`primary` as a URL/);
    expect(() => createPool({ primary: address })).not.toThrow(/s3cret/);
  });

  test("are not held by an error of a server that cannot be reached", async () => {
    const db = open({ primary: `postgres://u:s3cret@127.0.0.1:1/x` });
    const error: unknown = await db.query("SELECT 1").catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "ECONNREFUSED" });
    expect(inspect(error, { depth: Infinity })).not.toContain("s3cret");
  });
});

describe("health and gauges", () => {
  test("of a server that is up, busy and down", async () => {
    const db = open({ max: 1 });
    expect(await db.health()).toMatchObject({
      isHealthy: true,
      primary: { status: "up", errorCode: null },
      replicas: [],
    });
    const held = await db.connect();
    expect(await db.health({ timeout: 30 })).toMatchObject({
      isHealthy: false,
      primary: { status: "busy", latencyMs: null },
    });
    const abort = AbortSignal.abort(new Error("enough"));
    await expect(db.health({ signal: abort })).rejects.toThrow("enough");
    held.release();
    const down = open({ primary: "postgres://u@127.0.0.1:1/x" });
    expect(await down.health()).toMatchObject({
      isHealthy: false,
      primary: { status: "down", errorCode: "ECONNREFUSED", name: "127.0.0.1:1/x" },
    });
  });
});

describe("the pool", () => {
  test("takes its share of the budget", () => {
    expect(open({ max: 50, budget: { connections: 20, instances: 3 } }).gauges().max).toBe(6);
    expect(() => createPool({ budget: { connections: 2, instances: 3 } })).toThrow(/`budget`/);
    expect(() => createPool({ max: 0 })).toThrow(/`max`/);
    expect(() => createPool({ connectionTimeout: 0 })).toThrow(/`connectionTimeout`/);
  });

  test("is a real pg.Pool to others, typed as the driver that was given", () => {
    const db = open();
    expect(db.primary).toBeInstanceOf(PgPoolClass);
    expectTypeOf(() => createPool({ driver: pg }).primary).returns.toEqualTypeOf<PgPoolClass>();
    expectTypeOf(() => createPool().primary).returns.toEqualTypeOf<PgPool>();
  });

  test("is what Kysely and Drizzle take", async () => {
    const db = open();
    const kysely = new Kysely<{ written: { n: number } }>({
      dialect: new PostgresDialect({ pool: db.primary }),
    });
    await kysely
      .transaction()
      .execute((tx) => tx.insertInto("written").values({ n: 100 }).execute());
    const orm = drizzle({ client: db.primary });
    await orm.transaction((tx) => tx.execute(sql`INSERT INTO written VALUES (101)`));
    const rows = await kysely.selectFrom("written").select("n").orderBy("n").execute();
    expect(rows).toEqual([{ n: 100 }, { n: 101 }]);
    await database.query("TRUNCATE written");
    await until(() => db.gauges().busyCount === 0);
    await kysely.destroy();
    await expect(db.query("SELECT 1")).rejects.toMatchObject({ code: "UPSHIFT_POOL_CLOSED" });
  });

  test("is coalesced as pg's own is", async () => {
    const db = coalesce(open());
    const read = (n: number) => db.query("SELECT n FROM written WHERE n = $1", [n]);
    const asked = await Promise.all([1, 2, 3].map(read));
    expect(asked.map(({ rows }) => rows)).toEqual([[], [], []]);
    expect(db.stats()).toMatchObject({ coalesced: 3 });
    await db.close();
  });

  test("sends each statement in its caller's asynchronous context, also after a wait in line", async () => {
    const caller = new AsyncLocalStorage<number>();
    const db = open({ max: 1 });
    const seen: unknown[] = [];
    db.primary.on("connect", (client) => {
      const query = client.query.bind(client) as (...values: unknown[]) => unknown;
      Object.assign(client, {
        query(text: unknown, values: unknown, ...rest: unknown[]) {
          if (Array.isArray(values) && values.length > 0) seen.push([values[0], caller.getStore()]);
          return query(text, values, ...rest);
        },
      });
    });
    const ids = [1, 2, 3, 4, 5];
    await Promise.all(ids.map((id) => caller.run(id, () => db.query("SELECT $1::int", [id]))));
    expect(seen).toEqual(ids.map((id) => [id, id]));
  });

  test("is used without a driver given, from a catalog that its routes share", async () => {
    const db = createPool({ primary: database.url });
    expect((await catalogOf(db).table("written")).columns.has("n")).toBe(true);
    expect(catalogOf(db.read).memory).toBe(catalogOf(db).memory);
    expect(catalogOf(await db.read.after(undefined)).memory).toBe(catalogOf(db).memory);
    expect((await db.read.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await db.close();
  });

  test("without a driver says what to install", () => {
    const driver = {} as typeof pg;
    expect(() => createPool({ driver })).toThrow(/npm install pg/);
  });
});

test("nothing leaks over many failures and aborts", { timeout: 300_000 }, async () => {
  const db = open({ max: 4 });
  const one = async (index: number): Promise<void> => {
    const abort = new AbortController();
    const call =
      index % 4 === 0
        ? db.query("SELECT pg_sleep(5)", [], abort)
        : index % 4 === 1
          ? db.query("SELECT 1 / 0")
          : index % 4 === 2
            ? db.query("SELECT 1", [], abort)
            : db.connect(abort).then((client) => client.release());
    if (index % 3 === 0) setImmediate(() => abort.abort(new Error("enough")));
    if (index % 4 === 0) setTimeout(() => abort.abort(new Error("enough")), 2);
    await call.catch(() => undefined);
  };
  const round = async (count: number): Promise<number> => {
    for (let index = 0; index < count; index += 5)
      await Promise.all([0, 1, 2, 3, 4].map((offset) => one(index + offset)));
    await until(() => db.gauges().busyCount === 0 && db.waitingCount === 0);
    return usedBytes();
  };
  const count = IS_FULL ? 1_000 : 200;
  const before = await round(count);
  const after = await round(count);
  expect(after - before).toBeLessThan(8 * 1024 * 1024);
  expect(db.totalCount).toBeLessThanOrEqual(4);
  await until(async () => {
    const busy = await database.query(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'",
    );
    return busy.length === 0;
  });
  expect((await db.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
});
