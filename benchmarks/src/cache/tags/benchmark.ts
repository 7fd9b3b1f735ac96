import { setTimeout as delay } from "node:timers/promises";
import { createCache, tag } from "@upshift/cache";
import { connectRedis } from "@upshift/redis";
import { startRedis } from "@upshift/services";
import {
  atMost,
  type Benchmark,
  type Contestant,
  type PreparedBenchmark,
} from "../../harness/benchmark.ts";

const FEW = 100;
/** The first finds its values fresh, the others find them gone: work per value would show in the first, and so in the mean. */
const INVALIDATIONS = 50;

const OF_FEW = `invalidate a tag of ${FEW} values`;
const OF_MANY = "invalidate a tag of 100,000 values";

/** What invalidating a tag costs, and whether it depends on how many values carry it. Values are in memory and in Redis, and fresh again in each round. */
export const benchmark: Benchmark = {
  name: "cache/tags",
  title: `Invalidating a tag, by how many values carry it; the mean of ${INVALIDATIONS}`,
  async prepare({ quick, signal }): Promise<PreparedBenchmark> {
    const many = quick ? 10_000 : 100_000;
    const server = await startRedis({ signal });
    const redis = connectRedis(server.url, { client: "ioredis" });
    // On a busy machine Redis may answer late, which is not what is measured.
    const cache = createCache({
      redis,
      l1: { maxEntries: 2 * many },
      l2: { hardTimeout: "30s" },
    });
    const values = cache.define("value", {
      policy: { ttl: "1h", lease: false },
      load: (key: string) => key,
      tags: (key) => [key.slice(0, key.indexOf(":"))],
    });
    await cache.ready();
    const keys = { few: keysOf("few", FEW), many: keysOf("many", many) };
    const isFull = (): boolean =>
      [keys.few, keys.many].every((group) => group.every((key) => values.peek(key) === key));
    const refill = (label: string): Contestant => ({
      label,
      async run() {
        for (const group of [keys.few, keys.many])
          for (let start = 0; start < group.length; start += 512)
            await values.getMany(group.slice(start, start + 512));
        // A read is answered when its value is there, which is kept a little later.
        while (!isFull()) await delay(1);
      },
      check() {
        if (!isFull()) throw new Error("values are missing");
      },
    });
    const invalidation = (label: string, name: "few" | "many"): Contestant => ({
      label,
      callsPerSample: INVALIDATIONS,
      run: async () => (await cache.invalidate(tag(name))).status,
      check(status) {
        if (status !== "applied") throw new Error(`it was ${String(status)}`);
        if (keys[name].some((key) => values.peek(key) !== undefined))
          throw new Error("a value was left");
      },
    });
    return {
      rounds: 15,
      // The order turns around from round to round: one of the outer two fills what the last round left empty.
      contestants: [
        refill("(values are loaded again)"),
        invalidation(OF_FEW, "few"),
        invalidation(OF_MANY, "many"),
        refill("(values are loaded again, after)"),
      ],
      claims: (samples) => [
        atMost(
          `a tag of ${many} values costs at most 1.1 times the CPU of a tag of ${FEW}`,
          1.1,
          samples.cpuRatio(OF_MANY, OF_FEW).median,
        ),
        atMost("and at most 1.1 times the time", 1.1, samples.ratio(OF_MANY, OF_FEW).median),
      ],
      async close() {
        await cache.close();
        await redis.close();
        await server.stop();
      },
    };
  },
};

function keysOf(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `${name}:${at}`);
}
