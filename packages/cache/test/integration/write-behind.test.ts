import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createPool, type Pool, upsertMany } from "@upshift/postgres";
import { connectRedis, type Redis } from "@upshift/redis";
import {
  bringRedis,
  componentSkips,
  type RedisServer,
  startRedis,
  type TestDatabase,
} from "@upshift/services";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openWriteBehind } from "../../src/write-behind/open-write-behind.ts";
import {
  type Change,
  type WriteContext,
  writeBehind,
} from "../../src/write-behind/write-behind.ts";
import type { WriteBehindOptions } from "../../src/write-behind/write-behind-options.ts";
import type { WriteBehindStore } from "../../src/write-behind/write-behind-store.ts";
import { startDrainer } from "../write-behind/child.ts";
import { jsonCodec, openHandIn, type Row } from "../write-behind/hand-in.ts";
import { createRows, stepsBack } from "../write-behind/rows.ts";

const PUT_AND_GO = fileURLToPath(new URL("../write-behind/put-and-go.mjs", import.meta.url));
const skips = await componentSkips("write-behind", bringRedis);

describe.skipIf(skips.isMissing)("write-behind on Redis and PostgreSQL", () => {
  let server: RedisServer;
  let redis: Redis;
  let database: TestDatabase;
  let db: Pool;
  const opened: WriteBehindStore<string, Row>[] = [];
  let names = 0;
  const fresh = (): string => `row${(names += 1)}`;
  beforeAll(async () => {
    server = await startRedis();
    redis = connectRedis(server.url, { timeout: "5s" });
    database = await createRows();
    db = createPool({ primary: database.url });
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close({ timeoutMs: 100 })));
  });
  afterAll(async () => {
    await db?.close();
    await redis?.close();
    await server?.stop();
    await database?.drop();
  });

  const writeRows = async (
    changes: readonly Change<string, Row>[],
    { signal }: WriteContext,
  ): Promise<void> => {
    await upsertMany(
      db,
      "row",
      changes.map(({ key, value, patch, sequence }) => ({ id: key, ...value, ...patch, sequence })),
      { conflict: ["id"], signal },
    );
  };
  const open = (
    name: string,
    options: WriteBehindOptions<string, Row> = {},
    writer = writeRows,
    onError: (error: unknown) => void = () => {},
    over = redis,
  ): WriteBehindStore<string, Row> => {
    const store = openWriteBehind<string, Row>(
      writeBehind(writer, { maxDelay: "50ms", ...options, mode: "patch" }),
      { redis: over, namespace: "test", name, codec: jsonCodec, keyOf: (text) => text, onError },
    );
    opened.push(store);
    return store;
  };
  const rowOf = async (id: string): Promise<Row | undefined> => {
    const [row] = await database.query("SELECT a, b FROM row WHERE id = $1", [id]);
    return row;
  };
  /** Everything under a name, by the back door. */
  const dump = async (name: string): Promise<string> => {
    const keys = (await server.command("KEYS", `*:${name}:wb:*`)).match(/^\{.*$/gm) ?? [];
    const texts = keys.toSorted().map((key) => server.command("DUMP", key.trim()));
    return (await Promise.all(texts)).join();
  };

  test("a reader sees what was acknowledged at every moment of a drain", async () => {
    const store = open(fresh(), { maxDelay: 10 });
    const watching = new AbortController();
    let known = 0;
    let lookCount = 0;
    let pendingCount = 0;
    const watch = async (): Promise<void> => {
      while (!watching.signal.aborted) {
        const least = known;
        const pending = await store.read("seen");
        const seen = store.overlay((await rowOf("seen")) ?? {}, pending);
        expect(seen?.a ?? 0).toBeGreaterThanOrEqual(least);
        lookCount += 1;
        if (pending !== undefined) pendingCount += 1;
      }
    };
    const watched = watch();
    let flushed = Promise.resolve();
    for (let value = 1; value <= 300; value += 1) {
      await store.patch("seen", { a: value });
      known = value;
      if (value % 30 !== 0) continue;
      // Changes go on while it is drained.
      await flushed;
      flushed = store.flush();
    }
    await flushed;
    await store.flush();
    watching.abort();
    await watched;
    expect(await rowOf("seen")).toEqual({ a: 300, b: null });
    // Both kinds of moments were met, or nothing was shown.
    expect(pendingCount).toBeGreaterThan(0);
    expect(store.gauges().callCount).toBeGreaterThan(8);
    expect(store.gauges().writtenCount).toBeLessThan(300);
    expect(lookCount).toBeGreaterThan(10);
  });

  test("a drainer that was stopped past its lease can neither write over newer rows nor acknowledge", async () => {
    const name = fresh();
    const store = openHandIn(redis, { name });
    // After its signal it has as long as its lease to end: enough for a statement on a busy machine.
    const stopped = await startDrainer([server.url, database.url, name, "2s", "200"]);
    await store.put("stopped", { a: 1, b: 1 });
    await stopped.line("write stopped");
    stopped.process.kill("SIGSTOP");
    await store.patch("stopped", { a: 2 });
    const other = open(name);
    await other.flush();
    expect(await rowOf("stopped")).toEqual({ a: 2, b: 1 });
    await store.patch("stopped", { b: 3 });
    stopped.process.kill("SIGCONT");
    await stopped.line("aborted UPSHIFT_WRITE_BEHIND_LEASE_LOST");
    await stopped.line("wrote stopped");
    await other.flush();
    expect(await rowOf("stopped")).toEqual({ a: 2, b: 3 });
    await stopped.end("SIGTERM");
    expect(stopped.lines.at(-1)).toBe("refused 1");
    expect(await stepsBack(database)).toBe(0);
    await store.close();
  });

  test("a row that the database refuses holds up no other, and can be tried again once it is right", async () => {
    await database.query("ALTER TABLE row ADD CONSTRAINT small CHECK (a < 1000) NOT VALID");
    const letters: (readonly Change<string, Row>[])[] = [];
    const store = open(fresh(), {
      attempts: 3,
      backoff: { min: 10, max: 20 },
      deadLetter: (changes) => void letters.push(changes),
    });
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        store.put(`p${index}`, index === 17 ? { a: 5_000 } : { a: index, b: index }),
      ),
    );
    await expect(store.flush()).rejects.toMatchObject({
      code: "UPSHIFT_WRITE_BEHIND_NOT_FLUSHED",
      pendingCount: 0,
      deadLetterCount: 1,
    });
    const [counted] = await database.query("SELECT count(*)::int FROM row WHERE id ~ '^p[0-9]'");
    expect(counted).toEqual({ count: 39 });
    expect(letters).toMatchObject([[{ key: "p17", value: { a: 5_000 } }]]);
    expect(await store.deadLetters()).toMatchObject([
      { key: "p17", change: { value: { a: 5_000 } }, tryCount: 3, errorCode: "UPSHIFT_BAD_ROW" },
    ]);
    await store.patch("p17", { b: 7 });
    await expect(store.flush()).rejects.toMatchObject({ deadLetterCount: 1 });
    expect(await rowOf("p17")).toEqual({ a: null, b: 7 });
    await database.query("ALTER TABLE row DROP CONSTRAINT small");
    expect(await store.retryDeadLetters()).toEqual({
      retriedCount: 1,
      supersededCount: 0,
      busyCount: 0,
    });
    await store.flush();
    expect(await rowOf("p17")).toEqual({ a: 5_000, b: 7 });
    expect(await store.deadLetters()).toEqual([]);
  });

  test("while the database is gone nothing is given up, and it is written when it is back", async () => {
    const errors: unknown[] = [];
    let isGone = true;
    const writer = async (
      changes: readonly Change<string, Row>[],
      context: WriteContext,
    ): Promise<void> => {
      if (isGone) throw Object.assign(new Error("terminating connection"), { code: "57P01" });
      await writeRows(changes, context);
    };
    const options = { attempts: 1, backoff: { min: 5, max: 20 }, batch: 4 };
    const store = open(fresh(), options, writer, (error) => errors.push(error));
    await Promise.all(
      Array.from({ length: 30 }, (_, index) => store.put(`g${index}`, { a: index })),
    );
    await expect.poll(() => errors.length, { timeout: 10_000 }).toBeGreaterThan(5);
    expect((await store.deadLetters()).length).toBe(0);
    isGone = false;
    await store.flush();
    const [counted] = await database.query("SELECT count(*)::int FROM row WHERE id ~ '^g[0-9]'");
    expect(counted).toEqual({ count: 30 });
  });

  test("a Redis that evicts is refused, and one that evicts only what expires where that was declared", async () => {
    const limited = await startRedis({ settings: { maxmemory: "50mb" } });
    const other = connectRedis(limited.url);
    try {
      const policies = async (policy: string, eviction: "noeviction" | "volatile") => {
        await limited.command("CONFIG", "SET", "maxmemory-policy", policy);
        const store = openWriteBehind<string, Row>(
          writeBehind(async () => {}, { eviction, drain: false }),
          { redis: other, namespace: "test", name: "row", codec: jsonCodec, keyOf: (text) => text },
        );
        return await store
          .put("1", { a: 1 })
          .then(() => "accepted")
          .catch((error: { code: string }) => error.code);
      };
      const refused = "UPSHIFT_WRITE_BEHIND_EVICTING";
      expect(await policies("allkeys-lru", "noeviction")).toBe(refused);
      expect(await policies("volatile-lru", "noeviction")).toBe(refused);
      expect(await policies("allkeys-lfu", "volatile")).toBe(refused);
      expect(await limited.command("DBSIZE")).toBe(":0");
      expect(await policies("volatile-ttl", "volatile")).toBe("accepted");
      expect(await policies("noeviction", "noeviction")).toBe("accepted");
      await limited.command("CONFIG", "SET", "maxmemory", "0");
      expect(await policies("allkeys-lru", "noeviction")).toBe("accepted");
    } finally {
      await other.close();
      await limited.stop();
    }
  });

  test("a full Redis refuses a change whole, and what it has is written all the same", async () => {
    const name = fresh();
    const store = openHandIn(redis, { name });
    const number = 20;
    for (let index = 0; index < number; index += 1) await store.put(`f${index}`, { a: index });
    const before = await dump(name);
    await server.command("CONFIG", "SET", "maxmemory", "1mb");
    try {
      await expect(store.put("f0", { a: 99 })).rejects.toMatchObject({
        code: "UPSHIFT_REDIS_REPLY",
        kind: "OOM",
      });
      await expect(store.patch("new", { a: 99 })).rejects.toMatchObject({ kind: "OOM" });
      expect(await dump(name)).toBe(before);
      await open(name).flush();
      const [counted] = await database.query(
        "SELECT count(*)::int, sum(a)::int FROM row WHERE id ~ '^f[0-9]'",
      );
      expect(counted).toEqual({ count: number, sum: (number * (number - 1)) / 2 });
    } finally {
      await server.command("CONFIG", "SET", "maxmemory", "0");
    }
    await store.put("f0", { a: 99 });
    await open(name).flush();
    expect(await rowOf("f0")).toEqual({ a: 99, b: null });
    await store.close();
  });

  test("a hung Redis costs no more than the timeout, and the error says that the outcome is unknown", async () => {
    const own = connectRedis(server.url, { timeout: 300 });
    const name = fresh();
    const store = open(name, {}, writeRows, () => {}, own);
    await store.put("h", { a: 1 });
    await store.flush();
    server.pause();
    try {
      await expect(store.put("h", { a: 2 })).rejects.toMatchObject({
        code: "UPSHIFT_REDIS_TIMEOUT",
      });
      await expect(store.flush({ timeoutMs: 400 })).rejects.toThrow(/Redis/);
      await expect(store.read("h", { timeoutMs: 50 })).rejects.toMatchObject({
        code: "UPSHIFT_REDIS_TIMEOUT",
      });
    } finally {
      server.resume();
    }
    await store.put("h", { b: 3 });
    await store.flush();
    expect(await rowOf("h")).toMatchObject({ b: 3 });
    await own.close();
  });

  test("what is left when a process closes, another one writes", async () => {
    const name = fresh();
    const slow = open(name, { maxDelay: 10 }, async (_, { signal }) => {
      await new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    });
    await slow.put("left", { a: 1 });
    await slow.close({ timeoutMs: 200 });
    await expect(slow.put("left", { a: 2 })).rejects.toMatchObject({
      code: "UPSHIFT_WRITE_BEHIND_CLOSED",
    });
    const next = open(name);
    await next.flush({ timeoutMs: 5_000 });
    expect(await rowOf("left")).toEqual({ a: 1, b: null });
    await next.put("closing", { b: 2 });
    await next.close();
    expect(await rowOf("closing")).toEqual({ a: null, b: 2 });
  });

  test("a process that has nothing else to do ends by itself, with changes pending", async () => {
    const name = fresh();
    const child = spawn(process.execPath, [PUT_AND_GO, server.url, name], { stdio: "inherit" });
    const [code] = await once(child, "exit");
    expect(code).toBe(0);
    const store = openHandIn(redis, { name });
    expect(await store.read("one")).toMatchObject({ value: { a: 1 } });
    await store.close();
  });
});
