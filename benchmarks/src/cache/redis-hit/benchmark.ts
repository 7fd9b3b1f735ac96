import { type Cache, createCache, type Definition } from "@upshift/cache";
import { connectRedis, type Redis } from "@upshift/redis";
import { startRedis } from "@upshift/services";
import { Redis as IoRedis } from "ioredis";
import { createClient } from "redis";
import { atMost, type Benchmark, type PreparedBenchmark } from "../../harness/benchmark.ts";

const CONCURRENCY = 64;
/** Many more than callers: two that want the same key at once share one read. */
const KEYS: readonly string[] = Array.from({ length: 1_024 }, (_, at) => `user:${at}`);

const IOREDIS = "ioredis, get and JSON.parse";
const OVER_IOREDIS = "upshift over ioredis";
const OVER_IOREDIS_ALONE = "upshift over ioredis, memory off";
const NODE_REDIS = "node-redis as it comes, get and JSON.parse";
const BARE_NODE_REDIS = "node-redis without its timeout, get and JSON.parse";
const OVER_NODE_REDIS = "upshift over node-redis";
const OVER_NODE_REDIS_ALONE = "upshift over node-redis, memory off";

/** What a hit in Redis costs beside the bare client: CPU of this process per read, 64 at a time. */
export const benchmark: Benchmark = {
  name: "cache/redis-hit",
  title: "A hit in Redis, about 500 bytes of JSON, 64 at a time",
  async prepare({ quick, signal }): Promise<PreparedBenchmark> {
    const server = await startRedis({ signal });
    const ioredis = new IoRedis(server.port);
    const nodeRedis = createClient({ url: server.url });
    const bareNodeRedis = createClient({ url: server.url, commandOptions: { timeout: 0 } });
    for (const client of [nodeRedis, bareNodeRedis]) {
      client.on("error", () => {});
      await client.connect();
    }
    for (const key of KEYS) await ioredis.set(key, JSON.stringify(userOf(key)));
    const caches = await Promise.all(
      (["ioredis", "node-redis"] as const).map(async (client) => {
        const redis = connectRedis(server.url, { client });
        return {
          redis,
          // Each reads what it wrote itself. Memory has room for one, so that every read misses it, and keeps what it brought.
          missing: await openUsers(redis, `${client}-missing`, 1, {}),
          alone: await openUsers(redis, `${client}-alone`, KEYS.length, { l1Ttl: 0 }),
        };
      }),
    );
    const [overIoredis, overNodeRedis] = caches;
    if (overIoredis === undefined || overNodeRedis === undefined) throw new Error("no caches");
    const callCount = quick ? 4_096 : 12_288;
    const contestant = (label: string, get: (key: string) => Promise<User | undefined>) => ({
      label,
      run: () => load(get, callCount),
      check(right: unknown) {
        if (right !== callCount) throw new Error(`${String(right)} of ${callCount} values came`);
      },
    });
    return {
      rounds: 40,
      contestants: [
        contestant(IOREDIS, async (key) => parseUser(await ioredis.get(key))),
        contestant(OVER_IOREDIS, (key) => overIoredis.missing.users.get(key)),
        contestant(OVER_IOREDIS_ALONE, (key) => overIoredis.alone.users.get(key)),
        contestant(NODE_REDIS, async (key) => parseUser(await nodeRedis.get(key))),
        contestant(BARE_NODE_REDIS, async (key) => parseUser(await bareNodeRedis.get(key))),
        contestant(OVER_NODE_REDIS, (key) => overNodeRedis.missing.users.get(key)),
        contestant(OVER_NODE_REDIS_ALONE, (key) => overNodeRedis.alone.users.get(key)),
      ],
      claims: (samples) => [
        atMost(
          "a hit in Redis over ioredis costs at most 1.25 times the CPU of its bare client with JSON.parse",
          1.25,
          samples.cpuRatio(OVER_IOREDIS, IOREDIS).median,
        ),
        atMost(
          "the same with memory off, where each read asks whether something was invalidated",
          1.25,
          samples.cpuRatio(OVER_IOREDIS_ALONE, IOREDIS).median,
        ),
        atMost(
          "the same over node-redis as it comes, which watches its own timeout",
          1.25,
          samples.cpuRatio(OVER_NODE_REDIS, NODE_REDIS).median,
        ),
        atMost(
          "the same over node-redis without its timeout",
          1.25,
          samples.cpuRatio(OVER_NODE_REDIS, BARE_NODE_REDIS).median,
        ),
      ],
      async close() {
        for (const { missing, alone, redis } of caches) {
          for (const { cache } of [missing, alone]) {
            const { loads = 0 } = cache.stats().definitions["user"] ?? {};
            await cache.close();
            if (loads !== KEYS.length) throw new Error(`${loads} loads: not all reads were hits`);
          }
          await redis.close();
        }
        ioredis.disconnect();
        nodeRedis.destroy();
        bareNodeRedis.destroy();
        await server.stop();
      },
    };
  },
};

async function openUsers(
  redis: Redis,
  namespace: string,
  maxEntries: number,
  policy: { readonly l1Ttl?: number },
): Promise<{ readonly cache: Cache; readonly users: Definition<string, User> }> {
  // On a busy machine Redis may answer late, which is not what is measured.
  const cache: Cache = createCache({
    redis,
    namespace,
    l1: { maxEntries },
    l2: { hardTimeout: "30s" },
  });
  const users = cache.define("user", { policy: { ttl: "1h", ...policy }, load: userOf });
  await cache.ready();
  for (const key of KEYS) await users.get(key);
  return { cache, users };
}

interface User {
  readonly id: string;
  readonly name: string;
}

/** About 500 bytes as JSON. */
function userOf(key: string): User {
  const user = {
    id: key,
    name: `the name of ${key}`,
    email: `${key.replace(":", ".")}@example.org`,
    isActive: true,
    visits: 42,
    balance: 1_234.5,
    createdAt: "2026-11-22T20:00:00.000Z",
    roles: ["editor", "reviewer"],
    address: { street: "12 Example Street", city: "Springfield", zip: "12345", country: "US" },
    settings: { theme: "dark", language: "en", notifications: { email: true, push: false } },
    about: "x".repeat(120),
  };
  return user;
}

function parseUser(text: string | null): User | undefined {
  return text === null ? undefined : JSON.parse(text);
}

/** @returns how many values came back right */
async function load(
  get: (key: string) => Promise<User | undefined>,
  callCount: number,
): Promise<number> {
  let begun = 0;
  let right = 0;
  const worker = async (): Promise<void> => {
    while (begun < callCount) {
      const key = KEYS[begun % KEYS.length] ?? "";
      begun += 1;
      if ((await get(key))?.id === key) right += 1;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return right;
}
