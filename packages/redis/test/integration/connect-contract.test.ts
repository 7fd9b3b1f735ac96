import { createRequire } from "node:module";
import { setTimeout as delay } from "node:timers/promises";
import { bringRedis, componentSkips, startRedis, startRedisCluster } from "@upshift/services";
import { Cluster, Redis as IoredisClient } from "ioredis";
import { Cluster as OldCluster, Redis as OldIoredis } from "ioredis-5";
import { createClient, createCluster } from "redis";
import { createClient as createOldClient, createCluster as createOldCluster } from "redis-5";
import { afterAll, beforeAll, describe } from "vitest";
import { ioredisDriver } from "../../src/clients/ioredis-link.ts";
import type { ClientName } from "../../src/clients/load-client.ts";
import { nodeRedisDriver } from "../../src/clients/node-redis-link.ts";
import { toSettings } from "../../src/connect/connect-options.ts";
import { connectRedis } from "../../src/connect/connect-redis.ts";
import { parseRedisUrl } from "../../src/connect/redis-url.ts";
import { RoutedRedis } from "../../src/connect/routed-redis.ts";
import { SingleRoute } from "../../src/connect/single-route.ts";
import { redisContract } from "../redis-contract/redis-contract.ts";

const skips = await componentSkips("Redis", bringRedis);
const require = createRequire(import.meta.url);
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

describe.skipIf(skips.isMissing)("the oldest libraries that are supported", () => {
  let server: Awaited<ReturnType<typeof startRedis>>;
  let cluster: Awaited<ReturnType<typeof startRedisCluster>>;
  beforeAll(async () => {
    [server, cluster] = await Promise.all([startRedis(), startRedisCluster()]);
  });
  afterAll(async () => {
    await Promise.all([server?.stop(), cluster?.stop()]);
  });

  let ioredis: OldIoredis;
  redisContract("a client of ioredis 5.11 that was given", {
    connect: () => connectRedis((ioredis ??= new OldIoredis(server.port)), { timeout: "5s" }),
    elapse,
  });
  let ioredisCluster: OldCluster;
  redisContract("a cluster client of ioredis 5.11 that was given", {
    connect() {
      ioredisCluster ??= new OldCluster([...cluster.nodes]);
      return connectRedis(ioredisCluster, { timeout: "5s" });
    },
    elapse,
  });
  let nodeRedis: ReturnType<typeof createOldClient>;
  redisContract("a client of node-redis 5.12 that was given", {
    async connect() {
      if (nodeRedis === undefined) {
        nodeRedis = createOldClient({ url: server.url });
        await nodeRedis.on("error", () => {}).connect();
      }
      return connectRedis(nodeRedis, { timeout: "5s" });
    },
    elapse,
  });
  const makeCluster = (): ReturnType<typeof createOldCluster> =>
    createOldCluster({ rootNodes: cluster.nodes.map((socket) => ({ socket })) });
  let nodeRedisCluster: ReturnType<typeof makeCluster>;
  redisContract("a cluster client of node-redis 5.12 that was given", {
    async connect() {
      if (nodeRedisCluster === undefined) {
        nodeRedisCluster = makeCluster();
        await nodeRedisCluster.on("error", () => {}).connect();
      }
      return connectRedis(nodeRedisCluster, { timeout: "5s" });
    },
    elapse,
  });
  // Connections of our own go through the libraries of today, which is what `connectRedis` finds; the drivers speak the old ones too.
  for (const [name, driver] of [
    ["ioredis 5.11", ioredisDriver(require("ioredis-5"))],
    ["node-redis 5.12", nodeRedisDriver(require("redis-5"))],
  ] as const)
    redisContract(`${name}, connected by URL,`, {
      connect() {
        const settings = toSettings(parseRedisUrl(server.url), { timeout: "5s" });
        const route = (): SingleRoute => new SingleRoute(driver, settings);
        const patient = { ...settings, timeoutMs: Number.POSITIVE_INFINITY };
        const dedicated = (): RoutedRedis => new RoutedRedis(route(), patient, dedicated, false);
        return new RoutedRedis(route(), settings, dedicated, true);
      },
      elapse,
    });
  afterAll(() => {
    ioredis.disconnect();
    ioredisCluster.disconnect();
    nodeRedis.destroy();
    nodeRedisCluster.destroy();
  });
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
