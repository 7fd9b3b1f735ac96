import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createSimulatedClock } from "@upshift/foundation/testing";
import { createMemoryRedisServer } from "@upshift/redis/testing";
import { expect, it } from "vitest";
import { seeded } from "../test/interleavings/random.ts";
import { createCache, key, pattern, tag, writeThrough } from "./index.ts";

const IS_FULL = process.env["UPSHIFT_TEST_SCALE"] === "full";
const HOURS = IS_FULL ? 24 : 2;
const HOUR_MS = 3_600_000;
const HEARTBEAT_MS = 20_000;
const MOST_ENTRIES = 100;
const KEY_COUNT = 200;
/** What the heap may grow by from the first hour on: less than a hundredth of what is read and written meanwhile. */
const MOST_GROWTH_BYTES = 4_000_000;

setFlagsFromString("--expose-gc");
const collectGarbage: unknown = runInNewContext("gc");

function heapBytes(): number {
  if (typeof collectGarbage === "function") collectGarbage();
  return process.memoryUsage().heapUsed;
}

const tags = (id: string): readonly string[] => [`group:${id.slice(-1)}`];

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

it(
  `${HOURS} hours of reads, writes, invalidations and faults leave memory as it was, and nothing behind`,
  { timeout: IS_FULL ? 900_000 : 240_000 },
  async () => {
    const random = seeded(24);
    const below = (count: number): number => Math.floor(random() * count);
    const clock = createSimulatedClock(1_700_000_000_000);
    const server = createMemoryRedisServer({ clock, random });
    const inspector = server.connect();
    const rows = new Map<string, number>();
    let isCalm = false;
    let failures = 0;
    const processes = [0, 1, 2].map(() => {
      const redis = server.connect({ timeoutMs: 250 });
      const cache = createCache({
        redis,
        clock,
        random,
        l1: { maxEntries: MOST_ENTRIES },
        backplane: { heartbeat: HEARTBEAT_MS, disconnectedTtl: 2 * HEARTBEAT_MS },
        defaults: { absentTtl: "10s" },
      });
      const load = (id: string): number | undefined => {
        if (!isCalm && random() < 0.02) throw new Error("the database");
        return rows.get(id);
      };
      const save = writeThrough<string, number>(async (id, value) => {
        if (!isCalm && random() < 0.02) throw new Error("the database");
        rows.set(id, value);
      });
      const definitions = [
        cache.define("plain", { load, tags, write: save, policy: { ttl: "5m" } }),
        cache.define("sliding", { load, tags, policy: { ttl: "1h", sliding: "2m" } }),
        cache.define("early", {
          load,
          tags,
          policy: { ttl: "2m", refreshAt: 0.5, staleFor: "1m" },
        }),
        cache.define("safe", { load, tags, policy: { ttl: "1m", failSafeFor: "1h" } }),
        cache.define("redis", { load, tags, policy: { ttl: "10m", l1Ttl: 0 } }),
      ];
      return { redis, cache, definitions };
    });
    const pick = <T>(from: readonly T[]): T => {
      const chosen = from[below(from.length)];
      if (chosen === undefined) throw new Error("nothing to choose from");
      return chosen;
    };
    const change = async (): Promise<void> => {
      const { cache, definitions } = pick(processes);
      const id = `id:${below(KEY_COUNT)}`;
      const [plain] = definitions;
      const version = (rows.get(id) ?? 0) + 1;
      if (random() < 0.2 && plain !== undefined) {
        await plain.set(id, version).catch(() => (failures += 1));
        await cache.invalidate(...definitions.map((each) => key(each, id)));
        return;
      }
      if (random() < 0.9) rows.set(id, version);
      else rows.delete(id);
      const how = below(4);
      if (how === 0) await cache.invalidate(tag(`group:${id.slice(-1)}`));
      else if (how === 1) await cache.expire(tag(`group:${id.slice(-1)}`));
      else if (how === 2 && redisIsUp) await cache.invalidate(pattern(`*:${id}`));
      else await cache.invalidate(...definitions.map((each) => key(each, id)));
    };
    let redisIsUp = true;
    const faults = [
      () => server.cut(),
      () => server.restore(),
      () => server.clear(),
      () => server.failOver(),
    ];
    let firstHeapBytes = 0;
    for (let hour = 0; hour < HOURS; hour += 1) {
      isCalm = false;
      const endMs = clock.now() + HOUR_MS;
      while (clock.now() < endMs) {
        if (random() < 0.05) pick(faults)();
        redisIsUp = inspector.isReady;
        const calls: Promise<unknown>[] = [];
        for (let read = 0; read < 6; read += 1)
          calls.push(pick(pick(processes).definitions).get(`id:${below(KEY_COUNT)}`));
        if (random() < 0.5) calls.push(change());
        const all = Promise.allSettled(calls);
        await clock.advance(1_000 + below(20_000));
        failures += (await all).filter(({ status }) => status === "rejected").length;
      }
      isCalm = true;
      server.restore();
      await clock.advance(2 * HEARTBEAT_MS + 31_000);
      for (const { cache, definitions } of processes) {
        const { memory, redis } = cache.stats();
        expect(redis).toEqual({ breaker: "closed", isInSync: true, queuedInvalidationCount: 0 });
        expect(memory.entryCount).toBeLessThanOrEqual(MOST_ENTRIES);
        for (const definition of definitions)
          for (const id of rows.keys())
            expect([definition.name, id, await definition.get(id)]).toEqual([
              definition.name,
              id,
              rows.get(id),
            ]);
      }
      if (hour === 0) firstHeapBytes = heapBytes();
    }
    expect(failures).toBeGreaterThan(0);
    expect(heapBytes() - firstHeapBytes).toBeLessThan(MOST_GROWTH_BYTES);
    const { length } = processes;
    expect(await inspector.send(["PUBLISH", "{cache}:wake", "nobody"])).toBe(length);
    for (const { cache } of processes) await cache.close();
    await settled();
    expect(clock.timerCount).toBe(0);
    expect(await inspector.send(["PUBLISH", "{cache}:wake", "nobody"])).toBe(0);
    expect(processes.map(({ redis }) => redis.gauges().pendingCount)).toEqual([0, 0, 0]);
  },
);
