import { connectRedis } from "@upshift/redis";
import { startRedis } from "@upshift/services";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { atMost, type Benchmark } from "../../harness/benchmark.ts";

const CONCURRENCY = 64;
const KEY = "key";
const VALUE = JSON.stringify({ name: "a value of about 500 bytes", text: "x".repeat(460) });

const IOREDIS = "ioredis, bare get";
const OVER_IOREDIS = "port over ioredis";
const OVER_GIVEN_IOREDIS = "port over an ioredis client that was given";
const NODE_REDIS = "node-redis, bare get, its own timeout off";
const NODE_REDIS_DEFAULT = "node-redis, bare get, as it comes";
const OVER_NODE_REDIS = "port over node-redis";
const OVER_GIVEN_NODE_REDIS = "port over a node-redis client that was given";

/** What the port costs beside the client libraries that it is built on: CPU of this process per GET, 64 at a time. */
export const benchmark: Benchmark = {
  name: "redis/port",
  title: "GET of 500 bytes, 64 at a time: through the port, and through the bare client",
  async prepare({ quick, signal }) {
    const server = await startRedis({ signal });
    const ioredis = new Redis(server.port);
    const nodeRedis = createClient({ url: server.url, commandOptions: { timeout: 0 } });
    const nodeRedisDefault = createClient({ url: server.url });
    for (const client of [nodeRedis, nodeRedisDefault]) {
      client.on("error", () => {});
      await client.connect();
    }
    const ports = {
      [OVER_IOREDIS]: connectRedis(server.url, { client: "ioredis" }),
      [OVER_GIVEN_IOREDIS]: connectRedis(ioredis),
      [OVER_NODE_REDIS]: connectRedis(server.url, { client: "node-redis" }),
      [OVER_GIVEN_NODE_REDIS]: connectRedis(nodeRedis),
    };
    await ioredis.set(KEY, VALUE);
    const gets: Readonly<Record<string, () => Promise<unknown>>> = {
      [IOREDIS]: () => ioredis.get(KEY),
      [NODE_REDIS]: () => nodeRedis.get(KEY),
      [NODE_REDIS_DEFAULT]: () => nodeRedisDefault.get(KEY),
      ...Object.fromEntries(
        Object.entries(ports).map(([label, port]) => [label, () => port.send(["GET", KEY])]),
      ),
    };
    const callCount = quick ? 3_000 : 10_000;
    const contestant = (label: string) => ({
      label,
      run: () =>
        load(gets[label] ?? (() => Promise.reject(new Error("no such contestant"))), callCount),
      check(found: unknown) {
        if (found !== callCount) throw new Error(`${String(found)} of ${callCount} values came`);
      },
    });
    return {
      rounds: 40,
      contestants: [
        contestant(IOREDIS),
        contestant(OVER_IOREDIS),
        contestant(OVER_GIVEN_IOREDIS),
        contestant(NODE_REDIS),
        contestant(NODE_REDIS_DEFAULT),
        contestant(OVER_NODE_REDIS),
        contestant(OVER_GIVEN_NODE_REDIS),
      ],
      claims: (samples) => [
        atMost(
          "a GET through the port over ioredis costs at most 1.15 times the CPU of ioredis alone",
          1.15,
          samples.cpuRatio(OVER_IOREDIS, IOREDIS).median,
        ),
        atMost(
          "the same over an ioredis client that was given",
          1.15,
          samples.cpuRatio(OVER_GIVEN_IOREDIS, IOREDIS).median,
        ),
        atMost(
          "a GET through the port over node-redis costs at most 1.15 times the CPU of node-redis alone with its own timeout off",
          1.15,
          samples.cpuRatio(OVER_NODE_REDIS, NODE_REDIS).median,
        ),
        atMost(
          "the same over a node-redis client that was given",
          1.15,
          samples.cpuRatio(OVER_GIVEN_NODE_REDIS, NODE_REDIS).median,
        ),
        atMost(
          "and at most as much as node-redis as it comes, with a timeout of its own",
          1,
          samples.cpuRatio(OVER_NODE_REDIS, NODE_REDIS_DEFAULT).median,
        ),
      ],
      async close() {
        await Promise.all(Object.values(ports).map((port) => port.close()));
        ioredis.disconnect();
        nodeRedis.destroy();
        nodeRedisDefault.destroy();
        await server.stop();
      },
    };
  },
};

/** @returns how many values came back right */
async function load(get: () => Promise<unknown>, callCount: number): Promise<number> {
  let begun = 0;
  let right = 0;
  const worker = async (): Promise<void> => {
    while (begun < callCount) {
      begun += 1;
      if ((await get()) === VALUE) right += 1;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return right;
}
