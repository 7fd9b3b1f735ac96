import { createCache } from "@upshift/cache";
import { LRUCache } from "lru-cache";
import {
  atLeast,
  type Benchmark,
  type Claim,
  type Contestant,
  type PreparedBenchmark,
} from "../../harness/benchmark.ts";
import { makeTraces, type Trace } from "./traces.ts";

/** A way to keep values: how many of a trace's accesses it answered. */
interface Keeper {
  readonly name: string;
  count(trace: Trace): Promise<number>;
}

const KEEPERS: readonly Keeper[] = [
  { name: "lru-cache", count: countLruCache },
  { name: "lru", count: (trace) => countUpshift(trace, "lru") },
  { name: "s3fifo", count: (trace) => countUpshift(trace, "s3fifo") },
];

/** What share of accesses the evictions of the cache answer, beside the library `lru-cache`. No bars: which is best depends on the trace. */
export const benchmark: Benchmark = {
  name: "cache/hit-ratio",
  title:
    "Hit ratios of synthetic traces (as claims, without bars), and the time for one with its loads",
  async prepare({ quick, note }): Promise<PreparedBenchmark> {
    const traces = makeTraces(quick ? 100_000 : 400_000);
    const ratios: { readonly trace: Trace; readonly hits: readonly number[] }[] = [];
    for (const trace of traces) {
      note(`counting ${trace.name}`);
      ratios.push({ trace, hits: await Promise.all(KEEPERS.map((keeper) => keeper.count(trace))) });
    }
    const timed = makeTraces(20_000).find(({ name }) => name === "zipf 0.9");
    if (timed === undefined) throw new Error("no such trace");
    const contestants = KEEPERS.map((keeper): Contestant => ({
      label: `${keeper.name}, ${timed.keys.length} accesses`,
      run: () => keeper.count(timed),
      check(hits) {
        if (typeof hits !== "number" || hits <= 0) throw new Error("nothing was hit");
      },
    }));
    const [first, ...others] = contestants;
    if (first === undefined) throw new Error("no contestants");
    return {
      rounds: 20,
      contestants: [first, ...others],
      claims: () =>
        ratios.flatMap(({ trace, hits }) =>
          hits.map((count, at): Claim => {
            const claim = `${trace.name}: hit ratio of ${KEEPERS[at]?.name}, no bar`;
            return atLeast(claim, 0, count / trace.keys.length);
          }),
        ),
      async close() {},
    };
  },
};

async function countLruCache({ keys, size }: Trace): Promise<number> {
  const cache = new LRUCache<string, object>({ max: size });
  let hits = 0;
  for (const key of keys) {
    if (cache.get(key) === undefined) cache.set(key, VALUE);
    else hits += 1;
  }
  return hits;
}

/** Through the whole cache, as its users would: what is not there is loaded. */
async function countUpshift({ keys, size }: Trace, eviction: "lru" | "s3fifo"): Promise<number> {
  const cache = createCache({ l1: { maxEntries: size, eviction } });
  let loads = 0;
  const values = cache.define("value", {
    load: (_key: string) => {
      loads += 1;
      return VALUE;
    },
  });
  for (const key of keys) await values.get(key);
  await cache.close();
  return keys.length - loads;
}

const VALUE = Object.freeze({});
