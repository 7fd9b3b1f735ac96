import {
  bringRedis,
  componentSkips,
  type RedisServer,
  startRedis,
  startTcpProxy,
  type TcpProxy,
} from "@upshift/services";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { inspect, promisify } from "node:util";
import { Redis as Ioredis } from "ioredis";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { ClientName } from "../../src/clients/load-client.ts";
import type { ConnectRedisOptions } from "../../src/connect/connect-options.ts";
import { connectRedis } from "../../src/connect/connect-redis.ts";
import type { Redis } from "../../src/redis.ts";
import { defineScript } from "../../src/script.ts";
import { forgetfulNetwork } from "../forgetful-network.ts";

const skips = await componentSkips("Redis", bringRedis);
const CLIENTS: readonly ClientName[] = ["ioredis", "node-redis"];
const FIXTURE = fileURLToPath(new URL("../fixtures/use-and-close.mjs", import.meta.url));
const COUNT = defineScript("count", "return redis.call('INCR', KEYS[1])");

/** Far beyond any timeout here: what takes longer is not bounded at all. */
const NEVER_MS = 8_000;

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("not bounded")), NEVER_MS);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function codeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await within(call);
    return "no error";
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}

async function eventually(check: () => unknown): Promise<void> {
  await vi.waitFor(check, { timeout: 15_000, interval: 20 });
}

describe.skipIf(skips.isMissing).each(CLIENTS)("with %s", (client) => {
  let server: RedisServer;
  let proxy: TcpProxy;
  const opened: Redis[] = [];

  const connect = (url: string, options: ConnectRedisOptions = {}): Redis => {
    const redis = connectRedis(url, {
      client,
      timeout: 300,
      connectTimeout: "2s",
      reconnect: { minDelay: 10, maxDelay: 100 },
      heartbeat: 200,
      ...options,
    });
    opened.push(redis);
    return redis;
  };

  beforeAll(async () => {
    server = await startRedis({
      settings: { appendonly: "yes", appendfsync: "always", "busy-reply-threshold": "50" },
    });
    proxy = await startTcpProxy({ port: server.port });
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((redis) => redis.close()));
  });
  afterAll(async () => {
    await proxy?.stop();
    await server?.stop();
  });
  const throughProxy = (): string => `redis://127.0.0.1:${proxy.port}`;

  it("bounds each call by its own timeout while the server hangs, and goes on when it answers again", async () => {
    const redis = connect(server.url);
    await redis.send(["DEL", "hung"]);
    expect(await redis.run(COUNT, ["hung"], [])).toBe(1);
    server.pause();
    try {
      const calls = [
        codeOf(redis.send(["INCR", "hung"])),
        codeOf(redis.send(["GET", "hung"], { timeoutMs: 50 })),
        codeOf(redis.run(COUNT, ["hung"], [])),
        codeOf(redis.send(["GET", "hung"], { signal: AbortSignal.timeout(20) })),
      ];
      expect(await Promise.all(calls)).toEqual([
        "UPSHIFT_REDIS_TIMEOUT",
        "UPSHIFT_REDIS_TIMEOUT",
        "UPSHIFT_REDIS_TIMEOUT",
        // An aborted DOMException has the number 23.
        23,
      ]);
      expect(redis.gauges().pendingCount).toBe(0);
    } finally {
      server.resume();
    }
    // What timed out may have run, and here it has: once each.
    await eventually(async () => expect(await redis.send(["GET", "hung"])).toBe("3"));
  });

  it("says that a command was not sent when there is no server, and why", async () => {
    const nobody = connect("redis://:secret-word@127.0.0.1:1/0");
    const error = await within(nobody.send(["GET", "key"])).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: "UPSHIFT_REDIS_UNAVAILABLE" });
    expect(String(error)).toContain("ECONNREFUSED");
    expect(inspect([error, nobody], { depth: 12, showHidden: true })).not.toContain("secret-word");
    expect(await codeOf(nobody.ready({ timeoutMs: 50 }))).toBe("UPSHIFT_REDIS_UNAVAILABLE");
    const subscriber = { channels: ["c"], onMessage: () => {} };
    expect(await codeOf(nobody.subscribe(subscriber, { timeoutMs: 50 }))).toBe(
      "UPSHIFT_REDIS_UNAVAILABLE",
    );
  });

  it("holds as many commands as it may while there is no connection, and refuses the rest at once", async () => {
    const redis = connect("redis://127.0.0.1:1", { offlineQueue: { maxCommands: 3 } });
    const calls = Array.from({ length: 5 }, () => codeOf(redis.send(["INCR", "queue"])));
    expect(redis.gauges().queuedCount).toBe(3);
    expect(await Promise.all(calls)).toEqual(
      Array.from({ length: 5 }, () => "UPSHIFT_REDIS_UNAVAILABLE"),
    );
    const none = connect("redis://127.0.0.1:1", { offlineQueue: { maxCommands: 0 } });
    const error = await none.send(["GET", "x"], { timeoutMs: 60_000 }).catch(String);
    expect(error).toContain("0 commands already wait");
    const impatient = connect("redis://127.0.0.1:1", { offlineQueue: { maxWait: 30 } });
    expect(await codeOf(impatient.send(["GET", "x"], { timeoutMs: 60_000 }))).toBe(
      "UPSHIFT_REDIS_UNAVAILABLE",
    );
  });

  it("sends what waited, in order, once the server is there", async () => {
    const port = server.port;
    await server.kill();
    const redis = connect(`redis://127.0.0.1:${port}`, { timeout: "10s" });
    const pushed = Array.from({ length: 50 }, (_, index) => redis.send(["RPUSH", "order", index]));
    await server.restart();
    await within(Promise.all(pushed));
    expect(await redis.send(["LRANGE", "order", 0, -1])).toEqual(
      Array.from({ length: 50 }, (_, index) => String(index)),
    );
  });

  it("fails what was on its way when the server is killed, repeats nothing, and comes back with its data", async () => {
    const redis = connect(server.url, { timeout: "5s" });
    const events: string[] = [];
    redis.watch({ onDown: () => events.push("down"), onReady: () => events.push("ready") });
    await redis.send(["DEL", "killed"]);
    // A script that takes long enough to be killed in: what is behind it was sent and not answered.
    const slow = defineScript("slow", "for i = 1, tonumber(ARGV[1]) do end return 1");
    await redis.run(slow, ["killed"], [1]);
    const calls = [
      codeOf(redis.run(slow, ["killed"], [1e10])),
      ...Array.from({ length: 20 }, () => codeOf(redis.send(["INCR", "killed"]))),
    ];
    await eventually(async () =>
      expect(await server.command("PING").catch(String)).toContain("BUSY"),
    );
    await server.kill();
    expect(new Set(await Promise.all(calls))).toEqual(new Set(["UPSHIFT_REDIS_CONNECTION_LOST"]));
    expect(redis.isReady).toBe(false);
    await server.restart();
    expect(await within(redis.send(["INCR", "killed"]))).toBe(1);
    expect(events).toEqual(["ready", "down", "ready"].slice(-events.length));
    expect(redis.gauges().reconnectCount).toBe(1);
  });

  it("counts every increment once while connections are cut again and again", async () => {
    const redis = connect(throughProxy(), { timeout: "2s" });
    await redis.send(["SET", "cut", 0]);
    let acknowledged = 0;
    let unknown = 0;
    let unsent = 0;
    const done = new AbortController();
    onTestFinished(() => done.abort());
    const load = Array.from({ length: 8 }, async () => {
      while (!done.signal.aborted) {
        const code = await codeOf(redis.send(["INCR", "cut"]));
        if (code === "no error") acknowledged += 1;
        else if (code === "UPSHIFT_REDIS_UNAVAILABLE") unsent += 1;
        else unknown += 1;
      }
    });
    for (let cut = 0; cut < 10; cut += 1) {
      await eventually(() => expect(redis.isReady).toBe(true));
      const before = acknowledged;
      await eventually(() => expect(acknowledged).toBeGreaterThan(before + 50));
      proxy.cut();
      await eventually(() => expect(redis.gauges().reconnectCount).toBeGreaterThan(cut));
    }
    done.abort();
    await within(Promise.all(load));
    const counted = Number(await redis.send(["GET", "cut"]));
    expect(counted).toBeGreaterThanOrEqual(acknowledged);
    // Nothing ran that was not asked for: a repetition would show here.
    expect(counted).toBeLessThanOrEqual(acknowledged + unknown);
    expect(unsent).toBe(0);
  });

  it("finds a connection that is dead without a word by opening another one", async () => {
    const network = await forgetfulNetwork(server.port);
    const redis = connect(`redis://127.0.0.1:${network.port}`, { timeout: 200 });
    try {
      await redis.send(["SET", "half", "open"], { timeoutMs: NEVER_MS });
      const before = network.connectionCount();
      // A firewall that has forgotten the connection: nothing passes on it any more, new ones do.
      network.forget();
      expect(await codeOf(redis.send(["GET", "half"]))).toBe("UPSHIFT_REDIS_TIMEOUT");
      await eventually(async () => expect(await redis.send(["GET", "half"])).toBe("open"));
      // A machine that is so busy that answers take longer than the timeout gives rise to more of them.
      expect(redis.gauges().reconnectCount).toBeGreaterThanOrEqual(1);
      expect(network.connectionCount()).toBeGreaterThan(before);
    } finally {
      await redis.close();
      await network.stop();
    }
  });

  it("loads a script once for many callers after the cache of scripts was flushed, also by a restart", async () => {
    const redis = connect(server.url, { timeout: "5s" });
    await redis.send(["DEL", "flushed"]);
    expect(await redis.run(COUNT, ["flushed"], [])).toBe(1);
    await server.command("SCRIPT", "FLUSH");
    await server.command("CONFIG", "RESETSTAT");
    const replies = await Promise.all(
      Array.from({ length: 200 }, () => redis.run(COUNT, ["flushed"], [])),
    );
    expect(replies).toEqual(Array.from({ length: 200 }, (_, index) => index + 2));
    expect(await server.command("INFO", "commandstats")).toMatch(/cmdstat_script\|load:calls=1,/);
    await server.kill();
    await server.restart();
    expect(await within(redis.run(COUNT, ["flushed"], []))).toBe(202);
  });

  it("tells OOM, WRONGPASS and a database that is not there for what they are, and waits for a server that loads", async () => {
    const redis = connect(server.url, { timeout: "5s" });
    await server.command("CONFIG", "SET", "maxmemory", "1");
    try {
      await expect(redis.send(["SET", "oom", "x"])).rejects.toMatchObject({ kind: "OOM" });
      expect(await redis.send(["PING"])).toBe("PONG");
    } finally {
      await server.command("CONFIG", "SET", "maxmemory", "0");
    }
    const elsewhere = connect(`redis://127.0.0.1:${server.port}/9999`);
    await expect(elsewhere.send(["SET", "a", "b"])).rejects.toMatchObject({
      code: "UPSHIFT_REDIS_UNAVAILABLE",
      details: { reason: expect.stringContaining("DB index is out of range") },
    });
    const stranger = connect(`redis://nobody:wrong-password@127.0.0.1:${server.port}`);
    const error = await stranger.send(["GET", "x"]).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: "UPSHIFT_REDIS_UNAVAILABLE" });
    expect(String(error)).toContain("WRONGPASS");
    expect(inspect(error, { depth: 12, showHidden: true })).not.toContain("wrong-password");
  });

  it("waits for a server that still loads its data", async () => {
    const loading = await startRedis({
      settings: { appendonly: "yes", "key-load-delay": "150", "aof-use-rdb-preamble": "no" },
    });
    const redis = connect(loading.url, { timeout: "10s" });
    try {
      await redis.ready();
      await Promise.all(
        Array.from({ length: 20_000 }, (_, n) => redis.send(["SET", `load:${n}`, n])),
      );
      await loading.kill();
      const restarting = loading.restart();
      const value = redis.send(["GET", "load:19999"]);
      await eventually(async () =>
        expect(await loading.command("PING").catch(String)).toContain("LOADING"),
      );
      await eventually(async () => {
        const hasty = await redis.send(["PING"], { timeoutMs: 100 }).catch(String);
        expect(hasty).toContain("loading the dataset");
      });
      expect(await within(value)).toBe("19999");
      await restarting;
    } finally {
      await redis.close();
      await loading.stop();
    }
  });

  it("looks for the master again when the server has become a replica", async () => {
    const other = await startRedis();
    const redis = connect(other.url, { timeout: "5s" });
    try {
      await redis.send(["SET", "k", "v"]);
      await other.command("REPLICAOF", "127.0.0.1", String(server.port));
      await expect(redis.send(["SET", "k", "w"])).rejects.toMatchObject({ kind: "READONLY" });
      await eventually(() => expect(redis.gauges().reconnectCount).toBe(1));
      await other.command("REPLICAOF", "NO", "ONE");
      expect(await redis.send(["SET", "k", "w"])).toBe("OK");
    } finally {
      await redis.close();
      await other.stop();
    }
  });

  it("answers over a slow network, and one slow call holds up no other connection", async () => {
    proxy.setDelay(60);
    try {
      const redis = connect(throughProxy(), { timeout: "2s" });
      const replies = await within(
        Promise.all(Array.from({ length: 100 }, (_, n) => redis.send(["ECHO", n], { key: null }))),
      );
      expect(replies).toHaveLength(100);
      expect(await codeOf(redis.send(["PING"], { timeoutMs: 30 }))).toBe("UPSHIFT_REDIS_TIMEOUT");
      expect(await redis.send(["PING"])).toBe("PONG");
    } finally {
      proxy.setDelay(0);
    }
  });

  it("tells a subscriber exactly when it is down and when it is confirmed again", async () => {
    const redis = connect(throughProxy());
    const direct = connect(server.url);
    const events: string[] = [];
    const subscription = await redis.subscribe({
      channels: ["news", "more"],
      onMessage: (message) => events.push(message),
      onDown: () => events.push("down"),
      onUp: () => events.push("up"),
    });
    const publish = async (message: string): Promise<unknown> =>
      await direct.send(["PUBLISH", "news", message], { key: null });
    await publish("1");
    await eventually(() => expect(events).toEqual(["1"]));

    proxy.cut();
    await eventually(() => expect(events).toEqual(["1", "down", "up"]));
    // Confirmed means that from now on nothing is missed.
    expect(subscription.isUp).toBe(true);
    expect(await publish("2")).toBe(1);
    await eventually(() => expect(events).toEqual(["1", "down", "up", "2"]));

    await server.kill();
    await eventually(() => expect(events.at(-1)).toBe("down"));
    expect(subscription.isUp).toBe(false);
    await server.restart();
    await eventually(() => expect(events.at(-1)).toBe("up"));
    await publish("3");
    await eventually(() => expect(events.slice(4)).toEqual(["down", "up", "3"]));
    await subscription.close();
  });

  it("notices within a heartbeat that nobody speaks any more on a subscriber's connection", async () => {
    const redis = connect(throughProxy());
    const events: string[] = [];
    const subscription = await redis.subscribe({
      channels: ["silent"],
      onMessage: () => {},
      onDown: () => events.push("down"),
      onUp: () => events.push("up"),
    });
    proxy.pause();
    await eventually(() => expect(events).toEqual(["down"]));
    expect(subscription.isUp).toBe(false);
    proxy.resume();
    await eventually(() => expect(events).toEqual(["down", "up"]));
    await subscription.close();
  });

  it("loses a command that blocks with its connection, and the next one finds a new connection", async () => {
    const redis = connect(throughProxy());
    const dedicated = await redis.dedicate();
    const popped = codeOf(dedicated.send(["BLPOP", "jobs", 30]));
    await eventually(async () =>
      expect(await server.command("CLIENT", "LIST")).toContain("cmd=blpop"),
    );
    proxy.cut();
    expect(await popped).toBe("UPSHIFT_REDIS_CONNECTION_LOST");
    const again = dedicated.send(["BLPOP", "jobs", 30]);
    await eventually(async () => {
      await redis.send(["RPUSH", "jobs", "x"]);
      expect(await within(again)).toEqual(["jobs", "x"]);
    });
    await dedicated.close();
  });

  it("closes in time while the server hangs, and leaves no connection behind", async () => {
    const redis = connect(server.url, { name: "leaves-nothing" });
    await redis.ready();
    await redis.subscribe({ channels: ["c"], onMessage: () => {} });
    const dedicated = await redis.dedicate();
    await dedicated.send(["PING"]);
    server.pause();
    try {
      const call = codeOf(redis.send(["GET", "x"], { timeoutMs: 60_000 }));
      await within(redis.close({ timeoutMs: 50 }));
      expect(await call).toBe("UPSHIFT_REDIS_CONNECTION_LOST");
    } finally {
      server.resume();
    }
    await eventually(async () =>
      expect(await server.command("CLIENT", "LIST")).not.toContain("leaves-nothing"),
    );
  });

  it("ends with its last connection closed: no socket and no timer keeps the process alive", async () => {
    const { stdout } = await within(
      promisify(execFile)(process.execPath, [FIXTURE, client, server.url]),
    );
    expect(JSON.parse(stdout)).toEqual({
      blocked: "UPSHIFT_REDIS_CONNECTION_LOST",
      waiting: "UPSHIFT_REDIS_UNAVAILABLE",
      kinds: [],
    });
  });

  it("keeps a challenger from piling up while the server hangs", async () => {
    const redis = connect(server.url, { timeout: 50 });
    await redis.ready();
    const clients = async (): Promise<number> =>
      Number(/connected_clients:(\d+)/.exec(await server.command("INFO", "clients"))?.[1]);
    const before = await clients();
    server.pause();
    for (let call = 0; call < 10; call += 1) await codeOf(redis.send(["PING"]));
    server.resume();
    await eventually(async () =>
      expect(await redis.send(["PING"], { timeoutMs: 1_000 })).toBe("PONG"),
    );
    await eventually(async () => expect(await clients()).toBeLessThanOrEqual(before));
  });
});

describe.skipIf(skips.isMissing)("a client that was given", () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  beforeAll(async () => {
    server = await startRedis();
    proxy = await startTcpProxy({ port: server.port });
  });
  afterAll(async () => {
    await proxy?.stop();
    await server?.stop();
  });

  const make = {
    ioredis: async () => {
      // It would resend what was on its way when the connection comes back.
      const given = new Ioredis(proxy.port, { autoResendUnfulfilledCommands: true });
      given.on("error", () => {});
      return {
        given,
        listeners: () => given.listenerCount("ready"),
        ping: () => given.ping(),
        end: () => given.disconnect(),
      };
    },
    "node-redis": async () => {
      const given = createClient({ socket: { port: proxy.port, host: "127.0.0.1" } });
      given.on("error", () => {});
      await given.connect();
      return {
        given,
        listeners: () => given.listenerCount("ready"),
        ping: () => given.ping(),
        end: () => given.destroy(),
      };
    },
  } as const;

  it.each(CLIENTS)(
    "of %s is bounded, repeats nothing of ours, and stays open and clean",
    async (name) => {
      const { end, given, listeners, ping } = await make[name]();
      const before = listeners();
      const redis = connectRedis(given, { timeout: 300 });
      try {
        await redis.ready();
        await redis.send(["SET", "given", 0]);
        server.pause();
        const call = codeOf(redis.send(["INCR", "given"], { timeoutMs: 60_000 }));
        expect(await codeOf(redis.send(["GET", "given"]))).toBe("UPSHIFT_REDIS_TIMEOUT");
        proxy.cut();
        expect(await call).toBe("UPSHIFT_REDIS_CONNECTION_LOST");
        server.resume();
        await eventually(async () => expect(await redis.send(["PING"])).toBe("PONG"));
        // The one that was sent before the cut, and no second one.
        expect(["0", "1"]).toContain(await redis.send(["GET", "given"]));
        await redis.close();
        expect(listeners()).toBe(before);
        expect(await codeOf(redis.send(["PING"]))).toBe("UPSHIFT_REDIS_UNAVAILABLE");
        expect(await ping()).toBe("PONG");
      } finally {
        server.resume();
        await redis.close();
        end();
      }
    },
  );

  it.each(CLIENTS)("of %s that hangs holds up neither closing nor a call", async (name) => {
    const { end, given } = await make[name]();
    const redis = connectRedis(given, { timeout: 300 });
    try {
      await redis.ready();
      server.pause();
      const call = codeOf(redis.send(["GET", "x"], { timeoutMs: 3_600_000 }));
      await within(redis.close({ timeoutMs: 50 }));
      expect(await call).toBe("UPSHIFT_REDIS_CONNECTION_LOST");
    } finally {
      server.resume();
      end();
    }
  });

  it("is refused when it would change keys or replies behind our back", () => {
    const prefixed = new Ioredis({ lazyConnect: true, keyPrefix: "p:" });
    expect(() => connectRedis(prefixed)).toThrow(/keyPrefix/);
    const texts = new Ioredis({ lazyConnect: true, stringNumbers: true });
    expect(() => connectRedis(texts)).toThrow(/stringNumbers/);
  });
});
