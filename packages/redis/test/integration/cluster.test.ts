import {
  bringRedis,
  componentSkips,
  type RedisCluster,
  type RedisServer,
  startRedisCluster,
} from "@upshift/services";
import * as fc from "fast-check";
import { Cluster } from "ioredis";
import { createCluster } from "redis";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { keySlot } from "../../src/cluster/key-slot.ts";
import { connectRedis } from "../../src/connect/connect-redis.ts";
import type { Redis } from "../../src/redis.ts";
import { defineScript } from "../../src/script.ts";

const skips = await componentSkips("Redis", bringRedis);
const CLIENTS = ["ioredis", "node-redis"] as const;
const COUNT = defineScript("count", "return redis.call('INCR', KEYS[1])");

async function codeOf(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => "no error",
    (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
  );
}

async function eventually(check: () => unknown): Promise<void> {
  await vi.waitFor(check, { timeout: 20_000, interval: 25 });
}

/** One key in each third of the slots, so of each master as the cluster starts. */
function keysOfMasters(prefix: string): readonly string[] {
  return [0, 1, 2].map((third) => {
    for (let n = 0; ; n += 1) {
      const key = `${prefix}:${n}`;
      if (Math.floor((keySlot(key) * 3) / 16_384) === third) return key;
    }
  });
}

/** The master that serves a slot, by the word of a node. */
async function masterOf(cluster: RedisCluster, key: string): Promise<RedisServer> {
  const servers = [...cluster.masters, ...cluster.replicas];
  for (const server of servers) {
    const reply = await server.command("GET", key).catch(() => "-down");
    if (!reply.startsWith("-")) return server;
  }
  throw new Error("no node serves the key");
}

async function idOf(server: RedisServer | undefined): Promise<string> {
  return (await server?.command("CLUSTER", "MYID"))?.split("\r\n")[1] ?? "";
}

describe.skipIf(skips.isMissing)("slots", () => {
  let cluster: RedisCluster;
  let redis: Redis;
  beforeAll(async () => {
    cluster = await startRedisCluster();
    redis = connectRedis(cluster.nodes, { timeout: "5s" });
  });
  afterAll(async () => {
    await redis?.close();
    await cluster?.stop();
  });

  it("are those that Redis works out, for any key as text and as bytes", async () => {
    const character = fc.constantFrom("{", "}", "a", "é", "世", "\u0000", "🌍", "b");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(character, { maxLength: 8 }), { maxLength: 50 }),
        async (keys) => {
          const texts = keys.map((parts) => parts.join(""));
          const expected = await Promise.all(
            texts.map((key) => redis.send(["CLUSTER", "KEYSLOT", key], { key: null })),
          );
          expect(texts.map((key) => keySlot(key))).toEqual(expected);
          expect(texts.map((key) => keySlot(Buffer.from(key)))).toEqual(expected);
        },
      ),
      { seed: 20_261_122, numRuns: 30 },
    );
  });

  it("that are on their way to another node are asked for there, and found after the move", async () => {
    const [key = ""] = keysOfMasters("moving");
    const slot = String(keySlot(key));
    const [from, to] = cluster.masters;
    const [fromId, toId] = [await idOf(from), await idOf(to)];
    await redis.send(["SET", key, "moved"]);
    await to?.command("CLUSTER", "SETSLOT", slot, "IMPORTING", fromId);
    await from?.command("CLUSTER", "SETSLOT", slot, "MIGRATING", toId);
    await from?.command("MIGRATE", "127.0.0.1", String(to?.port), key, "0", "5000");
    // The slot is the first node's still, the key is not: ASK.
    expect(await redis.send(["GET", key])).toBe("moved");
    expect(await redis.run(COUNT, [`{${key}}:n`], [])).toBe(1);
    let failovers = 0;
    const stop = redis.watch({ onFailover: () => void (failovers += 1) });
    for (const server of [to, from, ...cluster.masters.slice(2)])
      await server?.command("CLUSTER", "SETSLOT", slot, "NODE", toId);
    // And now MOVED.
    expect(await redis.send(["APPEND", key, "!"])).toBe(6);
    expect(await redis.send(["GET", key])).toBe("moved!");
    await eventually(() => expect(failovers).toBeGreaterThan(0));
    stop();
  });
});

describe.skipIf(skips.isMissing).each(CLIENTS)("a failover, with %s", (client) => {
  let cluster: RedisCluster;
  let redis: Redis;
  beforeAll(async () => {
    cluster = await startRedisCluster();
    redis = connectRedis(cluster.nodes, { client, timeout: "1s" });
    await redis.ready({ timeoutMs: 10_000 });
  });
  afterAll(async () => {
    await redis?.close();
    await cluster?.stop();
  });

  it("under load: each call is bounded, nothing runs that was not asked for, and all keys are served again", async () => {
    const keys = keysOfMasters("load");
    const events: string[] = [];
    redis.watch({
      onDown: () => events.push("down"),
      onReady: () => events.push("ready"),
      onFailover: () => events.push("failover"),
    });
    const victim = await masterOf(cluster, keys[0] ?? "");
    const tally = new Map(keys.map((key) => [key, { acknowledged: 0, unknown: 0, slowestMs: 0 }]));
    const done = new AbortController();
    onTestFinished(() => done.abort());
    const load = keys.flatMap((key) =>
      Array.from({ length: 4 }, async () => {
        const own = tally.get(key) ?? { acknowledged: 0, unknown: 0, slowestMs: 0 };
        while (!done.signal.aborted) {
          const startMs = performance.now();
          const code = await codeOf(redis.run(COUNT, [key], []));
          own.slowestMs = Math.max(own.slowestMs, performance.now() - startMs);
          if (code === "no error") own.acknowledged += 1;
          else if (code !== "UPSHIFT_REDIS_UNAVAILABLE") own.unknown += 1;
        }
      }),
    );
    const acknowledged = (key: string): number => tally.get(key)?.acknowledged ?? 0;
    await eventually(() => expect(acknowledged(keys[0] ?? "")).toBeGreaterThan(200));
    await victim.kill();
    const [orphan = "", other = ""] = keys;
    const [orphanBefore, otherBefore] = [acknowledged(orphan), acknowledged(other)];
    // The other masters serve meanwhile.
    await eventually(() => expect(acknowledged(other)).toBeGreaterThan(otherBefore + 200));
    await eventually(() => expect(acknowledged(orphan)).toBeGreaterThan(orphanBefore + 200));
    done.abort();
    await Promise.all(load);
    for (const key of keys) {
      const counted = Number(await redis.send(["GET", key]));
      const own = tally.get(key);
      expect(counted).toBeLessThanOrEqual((own?.acknowledged ?? 0) + (own?.unknown ?? 0));
      // Bounded by its timeout of 1 s, with room for a machine that is busy.
      expect(own?.slowestMs).toBeLessThan(5_000);
      // Only the master that failed may have lost what it had acknowledged.
      const least = key === orphan ? 0 : (own?.acknowledged ?? 0);
      expect(counted).toBeGreaterThanOrEqual(least);
    }
    expect(events).toContain("failover");
    expect(events.at(-1)).not.toBe("down");
    expect(redis.isReady).toBe(true);
    await victim.restart();
    await cluster.ready();
    expect(await redis.masters()).toHaveLength(3);
  }, 90_000);

  it("of a master that hangs is noticed although its connection stays open", async () => {
    const [, key = ""] = keysOfMasters("hang");
    await redis.send(["SET", key, 0]);
    const victim = await masterOf(cluster, key);
    victim.pause();
    try {
      expect(await codeOf(redis.send(["INCR", key]))).toBe("UPSHIFT_REDIS_TIMEOUT");
      await eventually(async () =>
        expect(await codeOf(redis.send(["INCR", key]))).toBe("no error"),
      );
    } finally {
      victim.resume();
    }
    await cluster.ready();
    const before = Number(await redis.send(["GET", key]));
    expect(await redis.send(["INCR", key])).toBe(before + 1);
  }, 60_000);

  it("of the node that a subscriber listens at costs a gap that it is told of", async () => {
    // A connection that is closed is noticed at once; an answer to a heartbeat may be late on a busy machine.
    const heartbeat = connectRedis(cluster.nodes, { client, timeout: "5s", heartbeat: 100 });
    const events: string[] = [];
    try {
      await heartbeat.subscribe({
        channels: ["news"],
        onMessage: (message) => events.push(message),
        onDown: () => events.push("down"),
        onUp: () => events.push("up"),
      });
      // Again and again: nodes pass a message on only to those that they are connected to, and one of them has just come back.
      await eventually(async () => {
        await codeOf(redis.send(["PUBLISH", "news", "1"], { key: null }));
        expect(events).toContain("1");
      });
      const lists = await Promise.all(
        [...cluster.masters, ...cluster.replicas].map(async (server) => ({
          server,
          list: await server.command("CLIENT", "LIST", "TYPE", "pubsub"),
        })),
      );
      const listened = lists.find(({ list }) => list.includes("sub=1"))?.server;
      expect(listened).toBeDefined();
      await listened?.kill();
      await eventually(() =>
        expect(events.filter((event) => event !== "1")).toEqual(["down", "up"]),
      );
      await eventually(async () => {
        await codeOf(redis.send(["PUBLISH", "news", "2"], { key: null }));
        expect(events).toContain("2");
      });
      await listened?.restart();
      await cluster.ready();
    } finally {
      await heartbeat.close();
    }
  }, 60_000);

  it("leaves a script to be loaded where it has not been: on the new master", async () => {
    const [, , key = ""] = keysOfMasters("script");
    const own = defineScript("own", `return redis.call('INCR', KEYS[1]) -- ${client}`);
    await redis.run(own, [key], []);
    const victim = await masterOf(cluster, key);
    await victim.kill();
    await eventually(async () => {
      const replies = await Promise.all(
        Array.from({ length: 20 }, () => redis.run(own, [key], []).catch(() => 0)),
      );
      expect(new Set(replies)).toHaveProperty("size", 20);
    });
    await victim.restart();
    await cluster.ready();
  }, 60_000);
});

describe.skipIf(skips.isMissing).each(CLIENTS)("a cluster that is down, with %s", (client) => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster({ settings: { appendonly: "yes", appendfsync: "always" } });
  });
  afterAll(() => cluster?.stop());

  it("bounds each call and says what the nodes say, and serves again when the cluster does", async () => {
    const redis = connectRedis(cluster.nodes, { client, timeout: 300 });
    try {
      await redis.ready({ timeoutMs: 10_000 });
      const [key = "", , lost = ""] = keysOfMasters("down");
      await redis.send(["SET", key, 0]);
      const [, , master] = cluster.masters;
      const [, , replica] = cluster.replicas;
      await Promise.all([master?.kill(), replica?.kill()]);
      // A third of the slots is served by nobody: the cluster refuses all of them.
      await eventually(async () => {
        const error = await redis.send(["INCR", key]).catch((cause: unknown) => cause);
        expect(error).toMatchObject({ code: "UPSHIFT_REDIS_UNAVAILABLE" });
        expect(String(error)).toContain("CLUSTERDOWN");
      });
      // One that may wait longer outlasts it.
      const patient = redis.send(["INCR", key], { timeoutMs: 30_000 });
      await Promise.all([master?.restart(), replica?.restart()]);
      expect(await patient).toBeGreaterThan(0);
      await eventually(async () => expect(await redis.send(["SET", lost, "x"])).toBe("OK"));
      expect(redis.isReady).toBe(true);
    } finally {
      await redis.close();
    }
  }, 90_000);
});

describe.skipIf(skips.isMissing)("a cluster client that was given", () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster?.stop());

  const make = {
    ioredis: async () => {
      const given = new Cluster([...cluster.nodes]);
      given.on("error", () => {});
      return { given, end: () => given.disconnect() };
    },
    "node-redis": async () => {
      const given = createCluster({ rootNodes: cluster.nodes.map((socket) => ({ socket })) });
      given.on("error", () => {});
      await given.connect();
      return { given, end: () => given.destroy() };
    },
  } as const;

  it.each(CLIENTS)(
    "of %s repeats nothing when a master is killed, and serves its keys again",
    async (name) => {
      const { end, given } = await make[name]();
      const redis = connectRedis(given, { timeout: "1s" });
      try {
        const [key = ""] = keysOfMasters(`given-${name}`);
        await redis.send(["SET", key, 0]);
        const victim = await masterOf(cluster, key);
        let acknowledged = 0;
        let unknown = 0;
        const done = new AbortController();
        const load = Array.from({ length: 8 }, async () => {
          while (!done.signal.aborted) {
            const code = await codeOf(redis.send(["INCR", key]));
            if (code === "no error") acknowledged += 1;
            else if (code !== "UPSHIFT_REDIS_UNAVAILABLE") unknown += 1;
          }
        });
        await eventually(() => expect(acknowledged).toBeGreaterThan(200));
        await victim.kill();
        const before = acknowledged;
        await eventually(() => expect(acknowledged).toBeGreaterThan(before + 200));
        done.abort();
        await Promise.all(load);
        expect(Number(await redis.send(["GET", key]))).toBeLessThanOrEqual(acknowledged + unknown);
        await victim.restart();
        await cluster.ready();
      } finally {
        await redis.close();
        end();
      }
    },
    60_000,
  );
});
