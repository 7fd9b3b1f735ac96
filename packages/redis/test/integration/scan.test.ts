import {
  bringRedis,
  componentSkips,
  type RedisCluster,
  type RedisServer,
  startRedis,
  startRedisCluster,
} from "@upshift/services";
import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectRedis } from "../../src/connect/connect-redis.ts";
import type { Redis } from "../../src/redis.ts";
import { escapeGlob } from "../../src/scan/escape-glob.ts";
import { removeByPattern } from "../../src/scan/remove-by-pattern.ts";
import { scan } from "../../src/scan/scan.ts";

const skips = await componentSkips("Redis", bringRedis);

async function collect(keys: AsyncIterable<string>): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const key of keys) found.push(key);
  return found;
}

async function fill(redis: Redis, keys: readonly (string | Buffer)[]): Promise<void> {
  await Promise.all(keys.map((key) => redis.send(["SET", key, "x"])));
}

function keysNamed(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

describe.skipIf(skips.isMissing)("on one server", () => {
  let server: RedisServer;
  let redis: Redis;

  beforeAll(async () => {
    server = await startRedis();
    redis = connectRedis(server.url, { timeout: "5s" });
  });
  beforeEach(() => redis.send(["FLUSHALL"]));
  afterAll(async () => {
    await redis?.close();
    await server?.stop();
  });

  it("finds the keys that match, and of the type asked for", async () => {
    await fill(redis, [...keysNamed("a:", 1_500), ...keysNamed("b:", 20)]);
    await redis.send(["HSET", "b:hash", "f", 1]);
    expect(new Set(await collect(scan(redis, { match: "b:*", count: 100 })))).toEqual(
      new Set([...keysNamed("b:", 20), "b:hash"]),
    );
    expect(await collect(scan(redis, { type: "hash" }))).toEqual(["b:hash"]);
    expect(new Set(await collect(scan(redis)))).toHaveProperty("size", 1_521);
  });

  it("removes what matches and nothing else, and counts it", async () => {
    await fill(redis, [...keysNamed("a:", 2_000), ...keysNamed("b:", 30)]);
    const progress: number[] = [];
    const removed = await removeByPattern(redis, "a:*", {
      chunk: 64,
      onProgress: (count) => progress.push(count),
    });
    expect(removed).toEqual({ removedCount: 2_000 });
    expect(progress.at(-1)).toBe(2_000);
    expect(progress).toEqual(progress.toSorted((left, right) => left - right));
    expect(await redis.send(["DBSIZE"])).toBe(30);
  });

  it("removes keys that are no text", async () => {
    await fill(redis, [Buffer.from([0x61, 0x3a, 0xff, 0xfe]), Buffer.from("a:text"), "b"]);
    expect(await removeByPattern(redis, "a:*")).toEqual({ removedCount: 2 });
    expect(await collect(scan(redis))).toEqual(["b"]);
  });

  it("takes escaped text by the letter", async () => {
    const part = fc.string({ unit: fc.constantFrom("*", "?", "[", "]", "\\", "^", "-", "a", "é") });
    await fc.assert(
      fc.asyncProperty(part, part, async (mine, other) => {
        await redis.send(["FLUSHALL"]);
        await fill(redis, [`k:${mine}:1`, `k:${other}:1`]);
        await removeByPattern(redis, `k:${escapeGlob(mine)}:*`);
        const left = await collect(scan(redis));
        expect(left).toEqual(
          mine === other || other.startsWith(`${mine}:`) ? [] : [`k:${other}:1`],
        );
      }),
      { seed: 7, numRuns: 60 },
    );
  });

  it("never asks for KEYS, and looks at few keys at a time", async () => {
    await server.command("CONFIG", "RESETSTAT");
    await fill(redis, keysNamed("a:", 1_000));
    await removeByPattern(redis, "a:*", { count: 100 });
    const stats = await server.command("INFO", "commandstats");
    expect(stats).toContain("cmdstat_scan:");
    expect(stats).toContain("cmdstat_unlink:");
    expect(stats).not.toMatch(/cmdstat_(?:keys|del|flushall):/);
  });

  it("stops with the reason when aborted", async () => {
    await fill(redis, keysNamed("a:", 1_000));
    const controller = new AbortController();
    const reason = new Error("enough");
    const removing = removeByPattern(redis, "a:*", {
      count: 10,
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await expect(removing).rejects.toBe(reason);
    expect(await redis.send(["DBSIZE"])).toBeGreaterThan(0);
  });

  it("begins anew when the server was restarted in the middle", async () => {
    const durable = await startRedis({ settings: { appendonly: "yes", appendfsync: "always" } });
    const connected = connectRedis(durable.url, { timeout: "2s" });
    try {
      await fill(connected, keysNamed("a:", 800));
      const found = new Set<string>();
      for await (const key of scan(connected, { count: 20 })) {
        found.add(key);
        if (found.size === 100) {
          await durable.kill();
          await durable.restart();
        }
      }
      expect(found.size).toBe(800);
    } finally {
      await connected.close();
      await durable.stop();
    }
  });
});

describe.skipIf(skips.isMissing)("on a cluster", () => {
  let cluster: RedisCluster;
  let redis: Redis;

  beforeAll(async () => {
    cluster = await startRedisCluster();
    redis = connectRedis(cluster.nodes, { timeout: "2s" });
  });
  afterAll(async () => {
    await redis?.close();
    await cluster?.stop();
  });

  it("scans and removes on every master", async () => {
    await fill(redis, [...keysNamed("a:", 900), ...keysNamed("{tag}:a:", 50), "b"]);
    expect(new Set(await collect(scan(redis, { match: "a:*", count: 50 }))).size).toBe(900);
    expect(await removeByPattern(redis, "*a:*")).toEqual({ removedCount: 950 });
    expect(await collect(scan(redis))).toEqual(["b"]);
  });

  it("removes every key although a master fails over in the middle", async () => {
    await fill(redis, keysNamed("f:", 1_500));
    // Acknowledged and not yet copied is what a failover may lose; here it must not.
    for (const master of await redis.masters())
      await master.send(["WAIT", 1, 5_000], { timeoutMs: 6_000 });
    let isKilled = false;
    await removeByPattern(redis, "f:*", {
      count: 50,
      onProgress: (removed) => {
        if (removed < 100 || isKilled) return;
        isKilled = true;
        void cluster.masters[2]?.kill();
      },
    });
    expect(isKilled).toBe(true);
    expect(await collect(scan(redis, { match: "f:*" }))).toEqual([]);
  }, 60_000);
});
