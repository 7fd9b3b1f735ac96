import { setTimeout as delay } from "node:timers/promises";
import { bringRedis, componentSkips, startRedis, startRedisCluster } from "@upshift/services";
import { Cluster, Redis as IoredisClient } from "ioredis";
import { createClient, createCluster } from "redis";
import { afterAll, beforeAll, describe } from "vitest";
import type { ClientName } from "../../src/clients/load-client.ts";
import { connectRedis } from "../../src/connect/connect-redis.ts";
import { redisContract } from "../redis-contract/redis-contract.ts";

const skips = await componentSkips("Redis", bringRedis);
const elapse = (ms: number): Promise<void> => delay(ms);
const CLIENTS: readonly ClientName[] = ["ioredis", "node-redis"];

describe.skipIf(skips.isMissing)("one server", () => {
  let server: Awaited<ReturnType<typeof startRedis>>;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  for (const client of CLIENTS)
    redisContract(`${client}, connected by URL,`, {
      connect: () => connectRedis(server.url, { client, timeout: "5s" }),
      elapse,
    });

  for (const protocol of [2, 3] as const) {
    let ioredis: IoredisClient;
    redisContract(`a client of ioredis that was given and speaks RESP${protocol}`, {
      connect() {
        ioredis ??= new IoredisClient(server.port, { protocol });
        return connectRedis(ioredis, { timeout: "5s" });
      },
      elapse,
    });
    let nodeRedis: ReturnType<typeof createClient>;
    redisContract(`a client of node-redis that was given and speaks RESP${protocol}`, {
      async connect() {
        if (nodeRedis === undefined) {
          nodeRedis = createClient({ url: server.url, RESP: protocol });
          await nodeRedis.on("error", () => {}).connect();
        }
        return connectRedis(nodeRedis, { timeout: "5s" });
      },
      elapse,
    });
    afterAll(() => {
      ioredis.disconnect();
      nodeRedis.destroy();
    });
  }
});

describe.skipIf(skips.isMissing)("a cluster", () => {
  let cluster: Awaited<ReturnType<typeof startRedisCluster>>;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  for (const client of CLIENTS)
    redisContract(`${client}, connected by nodes,`, {
      connect: () => connectRedis(cluster.nodes, { client, timeout: "5s" }),
      elapse,
    });

  let ioredis: Cluster;
  redisContract("a cluster client of ioredis that was given", {
    connect() {
      ioredis ??= new Cluster([...cluster.nodes]);
      return connectRedis(ioredis, { timeout: "5s" });
    },
    elapse,
  });
  const nodeRedis = (): ReturnType<typeof createCluster> =>
    createCluster({ rootNodes: cluster.nodes.map((socket) => ({ socket })) });
  let given: ReturnType<typeof nodeRedis>;
  redisContract("a cluster client of node-redis that was given", {
    async connect() {
      if (given === undefined) {
        given = nodeRedis();
        await given.on("error", () => {}).connect();
      }
      return connectRedis(given, { timeout: "5s" });
    },
    elapse,
  });
  afterAll(() => {
    ioredis.disconnect();
    given.destroy();
  });
});
