import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  bringRedis,
  componentSkips,
  type RedisCluster,
  type RedisServer,
  startRedis,
  startRedisCluster,
} from "@upshift/services";
import { delay, systemClock } from "@upshift/foundation";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectRedis } from "../../src/connect/connect-redis.ts";
import { rateLimit } from "../../src/rate-limit/rate-limit.ts";
import { rateLimitHeaders } from "../../src/rate-limit/rate-limit-headers.ts";
import type { Redis } from "../../src/redis.ts";
import { seededRandom } from "../seeded-random.ts";

const skips = await componentSkips("rate limits", bringRedis);
const STEPS = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 10_000 : 1_500;
const TAKER = fileURLToPath(new URL("../fixtures/limit-taker.mjs", import.meta.url));
/** So long that nothing comes back while a test runs: what is left can be counted. */
const NEVER = "30d";
const TAKES_LONG = { timeout: 120_000 } as const;
const PATIENT = { timeout: "30s" } as const;

describe.skipIf(skips.isMissing).each(["ioredis", "node-redis"] as const)(
  "rate limits over %s",
  (client) => {
    let server: RedisServer;
    let redis: Redis;
    beforeAll(async () => {
      server = await startRedis();
      redis = connectRedis(server.url, { client });
    });
    afterAll(async () => {
      await redis?.close();
      await server?.stop();
    });

    test("the example of the page runs", async () => {
      const limit = rateLimit(redis, {
        name: "api",
        policies: { burst: "100/1m", daily: "1000/1d" },
      });
      const decision = await limit.take("user:42");
      expect(decision).toMatchObject({ isAllowed: true, remaining: 99 });
      expect(rateLimitHeaders(decision)["RateLimit-Policy"]).toBe(
        '"burst";q=100;w=60, "daily";q=1000;w=86400',
      );
    });

    test("of 200 callers at once exactly as many are allowed as may, and nobody is told to have more left", async () => {
      const limit = rateLimit(redis, { name: "exact", policies: { p: `10/${NEVER}` }, ...PATIENT });
      const decisions = await Promise.all(Array.from({ length: 200 }, () => limit.take("a")));
      const allowed = decisions.filter(({ isAllowed }) => isAllowed);
      expect(allowed.map(({ remaining }) => remaining).toSorted((a, b) => b - a)).toEqual([
        9, 8, 7, 6, 5, 4, 3, 2, 1, 0,
      ]);
    });

    test(
      "200 callers in each of 4 processes are allowed exactly what the tighter policy has",
      { timeout: 60_000 },
      async () => {
        const run = promisify(execFile);
        const takers = await Promise.all(
          Array.from({ length: 4 }, () =>
            run(process.execPath, [TAKER, server.url, "fleet", "200", "3"]),
          ),
        );
        const allowed = takers.reduce((sum, { stdout }) => sum + Number(stdout), 0);
        expect(allowed).toBe(1_000);
      },
    );

    test("what was refused is allowed once the wait that was told is over", async () => {
      const limit = rateLimit(redis, { name: "wait", policies: { p: "5/1s" }, ...PATIENT });
      await limit.take("a", 5);
      const refused = await limit.take("a");
      expect(refused).toMatchObject({ isAllowed: false });
      expect(refused.retryAfterMs).toBeLessThanOrEqual(200);
      await delay(systemClock, refused.retryAfterMs + 1);
      expect(await limit.take("a")).toMatchObject({ isAllowed: true, decidedBy: "store" });
    });

    test("a key outlives its debt by four seconds at most, and one that owes nothing is not kept", async () => {
      const limit = rateLimit(redis, { name: "keys", policies: { p: "10/100s" }, ...PATIENT });
      await limit.take("a", 3);
      const key = (await server.command("KEYS", "ratelimit:keys:*")).split("\r\n")[2] ?? "";
      const leftMs = Number((await server.command("PTTL", key)).slice(1));
      expect(leftMs).toBeLessThanOrEqual(34_000);
      expect(leftMs).toBeGreaterThan(20_000);
      await limit.refund("a", 3);
      expect(await server.command("EXISTS", key)).toBe(":0");
      await limit.take("x".repeat(10_000));
      expect((await server.command("KEYS", "ratelimit:keys:*")).length).toBeLessThan(200);
    });

    test("calls of one turn travel as one script call", async () => {
      const limit = rateLimit(redis, { name: "batch", policies: { p: `10/${NEVER}` }, ...PATIENT });
      await limit.take("warm");
      await server.command("CONFIG", "RESETSTAT");
      await Promise.all(Array.from({ length: 100 }, (_, index) => limit.take(`key${index % 20}`)));
      expect(await server.command("INFO", "commandstats")).toMatch(/cmdstat_evalsha:calls=1,/);
    });

    test("a flushed script cache is no failure", async () => {
      const limit = rateLimit(redis, { name: "flush", policies: { p: `3/${NEVER}` }, ...PATIENT });
      await limit.take("a");
      await server.command("SCRIPT", "FLUSH");
      expect(await limit.take("a")).toMatchObject({ remaining: 1, decidedBy: "store" });
    });

    test("an aborted call ends with the signal's reason", async () => {
      const limit = rateLimit(redis, { name: "abort", policies: { p: "3/1s" }, ...PATIENT });
      const reason = new Error("enough");
      await expect(limit.take("a", 1, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      const abort = new AbortController();
      const waiting = limit.take("a", 1, { signal: abort.signal });
      abort.abort(reason);
      await expect(waiting).rejects.toBe(reason);
      expect(await limit.take("b")).toMatchObject({ decidedBy: "store" });
    });

    test.each([
      { of: "one policy", policies: { a: `7/${NEVER}` }, room: [7] },
      {
        of: "two policies",
        policies: { a: `7/${NEVER}`, b: { limit: 50, window: NEVER, burst: 11 } },
        room: [7, 11],
      },
    ])(`${STEPS} random steps of $of count as plain numbers do`, TAKES_LONG, async (given) => {
      const random = seededRandom(42);
      const upTo = (limit: number) => Math.floor(random() * limit);
      const { policies, room } = given;
      const limit = rateLimit(redis, { name: "model", policies, denialCacheKeys: 0, ...PATIENT });
      const left = (used: readonly number[]) =>
        Math.min(...room.map((size, index) => size - (used[index] ?? 0)));
      const model = new Map<string, number[]>();
      for (let step = 0; step < STEPS; step += 10) {
        // Ten at once share a batch, some of them a key: they count in the order in which they were called.
        const calls = Array.from({ length: 10 }, () => {
          const key = `k${upTo(6)}`;
          const cost = 1 + upTo(4);
          const used = model.get(key) ?? room.map(() => 0);
          const action = upTo(10);
          if (action < 6) {
            const isAllowed = left(used) >= cost;
            const after = isAllowed ? used.map((each) => each + cost) : used;
            model.set(key, after);
            return { got: limit.take(key, cost), isAllowed, remaining: left(after) };
          }
          if (action < 8) {
            const after = used.map((each) => Math.max(0, each - cost));
            model.set(key, after);
            return { got: limit.refund(key, cost), isAllowed: true, remaining: left(after) };
          }
          return {
            got: limit.peek(key, cost),
            isAllowed: left(used) >= cost,
            remaining: left(used),
          };
        });
        for (const { got, isAllowed, remaining } of calls)
          expect(await got, `step ${step}`).toMatchObject({
            isAllowed,
            remaining,
            decidedBy: "store",
          });
      }
    });
  },
);

describe.skipIf(skips.isMissing)("rate limits while Redis is away", () => {
  test(
    "hung: a call is decided within its timeout, then at once; when Redis is back, by Redis",
    { timeout: 60_000 },
    async () => {
      const server = await startRedis();
      const redis = connectRedis(server.url);
      const limit = rateLimit(redis, {
        name: "hang",
        policies: { p: "3/1h" },
        timeout: 100,
        pauseAfterFailure: 200,
        failMode: "local",
      });
      try {
        while ((await limit.take("warm")).decidedBy !== "store") await delay(systemClock, 10);
        server.pause();
        const while_hung = await Promise.all(Array.from({ length: 5 }, () => limit.take("a")));
        expect(while_hung.map(({ decidedBy }) => decidedBy)).toEqual(
          Array.from({ length: 5 }, () => "local"),
        );
        expect(while_hung.filter(({ isAllowed }) => isAllowed)).toHaveLength(3);
        server.resume();
        while ((await limit.peek("b")).decidedBy !== "store") await delay(systemClock, 10);
        await server.kill();
        while ((await limit.peek("b")).decidedBy !== "local") await delay(systemClock, 10);
        await server.restart();
        while ((await limit.take("b")).decidedBy !== "store") await delay(systemClock, 10);
      } finally {
        await redis.close();
        await server.stop();
      }
    },
  );

  test("killed in the middle of a call: the call is decided by failMode; less time than that of the limit is kept to", async () => {
    const server = await startRedis();
    const redis = connectRedis(server.url);
    const limit = rateLimit(redis, { name: "k", policies: { p: "3/1h" }, timeout: "1h" });
    try {
      await limit.take("warm");
      server.pause();
      expect(await limit.take("a", 1, { timeoutMs: 50 })).toMatchObject({ decidedBy: "local" });
      server.resume();
      while ((await limit.take("b")).decidedBy !== "store") await delay(systemClock, 10);
      server.pause();
      const taken = limit.take("c");
      while (redis.gauges().pendingCount === 0) await delay(systemClock, 5);
      await server.kill();
      expect(await taken).toMatchObject({ decidedBy: "local", isAllowed: true });
    } finally {
      await redis.close();
      await server.stop();
    }
  });
});

describe.skipIf(skips.isMissing)("rate limits in a cluster", () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster?.stop());

  test("keys of all nodes are exact, in one batch too", async () => {
    const redis = connectRedis(cluster.nodes, { timeout: "10s" });
    const limit = rateLimit(redis, { name: "c", policies: { p: `3/${NEVER}` }, ...PATIENT });
    const keys = Array.from({ length: 30 }, (_, index) => `user:${index}`);
    const decisions = await Promise.all(
      keys.flatMap((key) => Array.from({ length: 5 }, () => limit.take(key))),
    );
    expect(decisions.filter(({ isAllowed }) => isAllowed)).toHaveLength(90);
    expect(new Set(decisions.map(({ decidedBy }) => decidedBy))).toEqual(new Set(["store"]));
    await redis.close();
  });
});
