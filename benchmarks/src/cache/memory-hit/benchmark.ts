import { cachified, type CacheEntry } from "@epic-web/cachified";
import { createCache } from "@upshift/cache";
import { createCache as createDedupe } from "async-cache-dedupe";
import { BentoCache, bentostore } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";
import { createCache as createCacheManager } from "cache-manager";
import { Cacheable } from "cacheable";
import { Loader } from "layered-loader";
import { LRUCache } from "lru-cache";
import {
  atLeast,
  atMost,
  type Benchmark,
  type Contestant,
  type PreparedBenchmark,
} from "../../harness/benchmark.ts";

const KEYS: readonly string[] = Array.from({ length: 1_024 }, (_, at) => `user:${at}`);
const MAX_ENTRIES = 10_000;
const TTL_MS = 600_000;
/** Passes over the keys per sample: samples of a few milliseconds for each. */
const FAST_PASSES = 60;
const SLOW_PASSES = 2;

interface User {
  readonly id: number;
  readonly name: string;
}

const PEEK = "upshift peek";
const LRU_GET = "lru-cache get with ttl";
const GET = "upshift get, awaited";
const LRU_FETCH = "lru-cache fetch, awaited";
const LAYERED = "layered-loader get, awaited";
const BENTO = "bentocache getOrSet, awaited";
const CACHEABLE = "cacheable getOrSet, awaited";

/** A hit in memory, beside the libraries; CPU of this process per read. All hold the same 1,024 values with a ttl and were warmed by loading them. */
export const benchmark: Benchmark = {
  name: "cache/memory-hit",
  title: "A hit in memory; the times are of 1,024 reads",
  async prepare({ note }): Promise<PreparedBenchmark> {
    if (Number(process.versions.node.split(".")[0]) < 22)
      note("layered-loader asks for Node 22 and is run on an older one");
    const upshift = createCache({ l1: { maxEntries: MAX_ENTRIES } });
    const users = upshift.define("user", { policy: { ttl: TTL_MS }, load });
    const lru = new LRUCache<string, User>({ max: MAX_ENTRIES, ttl: TTL_MS });
    const fetching = new LRUCache<string, User>({
      max: MAX_ENTRIES,
      ttl: TTL_MS,
      fetchMethod: load,
    });
    const layered = new Loader<User>({
      inMemoryCache: { cacheType: "lru-map", ttlInMsecs: TTL_MS, maxItems: MAX_ENTRIES },
      dataSources: [{ name: "load", get: load, getMany: (keys) => Promise.all(keys.map(load)) }],
    });
    const bento = new BentoCache({
      default: "memory",
      stores: {
        memory: bentostore().useL1Layer(memoryDriver({ maxItems: MAX_ENTRIES, serialize: false })),
      },
    });
    const cacheable = new Cacheable({ ttl: TTL_MS });
    const manager = createCacheManager({ ttl: TTL_MS });
    const dedupe = createDedupe({ ttl: TTL_MS / 1_000, storage: { type: "memory" } }).define(
      "user",
      load,
    );
    const kept = new LRUCache<string, CacheEntry>({ max: MAX_ENTRIES });
    const contestants: readonly [Contestant, ...Contestant[]] = [
      // Each with a loop of its own: one loop for all would call through what fits all, and cost as much as what is measured.
      pass(PEEK, FAST_PASSES, () => {
        let found = 0;
        for (const key of KEYS) if (users.peek(key) !== undefined) found += 1;
        return found;
      }),
      pass(LRU_GET, FAST_PASSES, () => {
        let found = 0;
        for (const key of KEYS) if (lru.get(key) !== undefined) found += 1;
        return found;
      }),
      pass(GET, FAST_PASSES, async () => {
        let found = 0;
        for (const key of KEYS) if ((await users.get(key)) !== undefined) found += 1;
        return found;
      }),
      pass(LRU_FETCH, FAST_PASSES, async () => {
        let found = 0;
        for (const key of KEYS) if ((await fetching.fetch(key)) !== undefined) found += 1;
        return found;
      }),
      pass(LAYERED, FAST_PASSES, async () => {
        let found = 0;
        for (const key of KEYS) if ((await layered.get(key)) !== undefined) found += 1;
        return found;
      }),
      slowPass("async-cache-dedupe, awaited", (key) => dedupe.user(key)),
      slowPass("cache-manager wrap, awaited", (key) => manager.wrap(key, () => load(key))),
      slowPass("cachified, awaited", (key) =>
        cachified({ key, cache: kept, ttl: TTL_MS, getFreshValue: () => load(key) }),
      ),
      slowPass(BENTO, (key) => bento.getOrSet({ key, ttl: TTL_MS, factory: () => load(key) })),
      slowPass(CACHEABLE, (key) => cacheable.getOrSet(key, () => load(key), { ttl: TTL_MS })),
    ];
    for (const key of KEYS) {
      lru.set(key, await load(key));
      await users.get(key);
    }
    // The others are warmed by the rounds that do not count.
    return {
      rounds: 40,
      contestants,
      claims: (samples) => [
        atMost(
          "a peek costs at most as much CPU as lru-cache.get with ttl",
          1,
          samples.cpuRatio(PEEK, LRU_GET).median,
        ),
        atMost(
          "an awaited get costs at most as much as layered-loader's",
          1,
          samples.cpuRatio(GET, LAYERED).median,
        ),
        atMost(
          "an awaited get costs at most as much as lru-cache.fetch",
          1,
          samples.cpuRatio(GET, LRU_FETCH).median,
        ),
        atLeast(
          "bentocache's getOrSet costs at least 25 times as much",
          25,
          samples.cpuRatio(BENTO, GET).median,
        ),
        atLeast(
          "cacheable's getOrSet costs at least 25 times as much",
          25,
          samples.cpuRatio(CACHEABLE, GET).median,
        ),
      ],
      async close() {
        await upshift.close();
        await bento.disconnectAll();
        await cacheable.disconnect();
      },
    };
  },
};

async function load(key: string): Promise<User> {
  return { id: Number(key.slice(5)), name: key };
}

function pass(
  label: string,
  callsPerSample: number,
  run: () => number | Promise<number>,
): Contestant {
  return {
    label,
    callsPerSample,
    run,
    check(found) {
      if (found !== KEYS.length) throw new Error(`${String(found)} of ${KEYS.length} were found`);
    },
  };
}

function slowPass(label: string, get: (key: string) => Promise<unknown>): Contestant {
  return pass(label, SLOW_PASSES, async () => {
    let found = 0;
    for (const key of KEYS) if ((await get(key)) !== undefined) found += 1;
    return found;
  });
}
