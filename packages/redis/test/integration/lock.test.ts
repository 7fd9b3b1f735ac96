import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import {
  bringRedis,
  componentSkips,
  type RedisServer,
  startRedis,
  startTcpProxy,
} from "@upshift/services";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectRedis } from "../../src/connect/connect-redis.ts";
import { lock, withLock } from "../../src/lock/lock.ts";
import type { Redis } from "../../src/redis.ts";

const skips = await componentSkips("locks", bringRedis);
const HOLDER = fileURLToPath(new URL("../fixtures/lock-holder.mjs", import.meta.url));

/** What a lock protects when it is right: it refuses a token below the highest that it has seen. */
function resource() {
  let highest = 0;
  return {
    written: new Array<string>(),
    write(token: number, text: string): boolean {
      if (token < highest) return false;
      highest = token;
      this.written.push(text);
      return true;
    },
  };
}

describe.skipIf(skips.isMissing)("locks", () => {
  let server: RedisServer;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedis();
    redis = connectRedis(server.url, { timeout: "10s" });
  });
  afterAll(async () => {
    await redis?.close();
    await server?.stop();
  });
  let names = 0;
  const fresh = () => `name-${(names += 1)}`;

  test("the example of the page runs", async () => {
    const invoices = resource();
    const number = await withLock(redis, "invoice:7", async ({ token }) => {
      invoices.write(token, "sent");
      return 7;
    });
    expect(number).toBe(7);
    expect(invoices.written).toEqual(["sent"]);
    expect(await server.command("EXISTS", "lock:{invoice:7}")).toBe(":0");
  });

  test("there is one holder at a time, and each has a higher token than those before", async () => {
    const name = fresh();
    const first = await lock(redis, name);
    await expect(lock(redis, name)).rejects.toMatchObject({ code: "UPSHIFT_LOCK_TAKEN" });
    const waiting = lock(redis, name, { wait: "30s" });
    expect(first.isHeld).toBe(true);
    expect(await first.release()).toBe(true);
    expect(first.isHeld).toBe(false);
    expect(await first.release()).toBe(false);
    const second = await waiting;
    expect(second.token).toBeGreaterThan(first.token);
    await second.release();
    await server.command("DEL", `lock:{${name}}:fence`);
    const third = await lock(redis, name);
    expect(third.token).toBeGreaterThan(second.token);
    await third.release();
  });

  test("200 callers and 4 processes never hold it together", { timeout: 90_000 }, async () => {
    const name = fresh();
    let inside = 0;
    let most = 0;
    const here = Promise.all(
      Array.from({ length: 200 }, () =>
        withLock(
          redis,
          name,
          async () => {
            inside += 1;
            most = Math.max(most, inside);
            await new Promise(setImmediate);
            inside -= 1;
          },
          { wait: "80s", ttl: "30s" },
        ),
      ),
    );
    const list = `${name}:list`;
    const holders = Array.from({ length: 4 }, () =>
      spawn(process.execPath, [HOLDER, server.url, name, list, "10", "30s"], {
        stdio: ["ignore", "ignore", "inherit"],
      }),
    );
    const codes = await Promise.all(
      holders.map(async (holder) => (await once(holder, "exit"))[0] as number),
    );
    await here;
    expect(codes).toEqual([0, 0, 0, 0]);
    expect(most).toBe(1);
    const marks = (await server.command("LRANGE", list, "0", "-1"))
      .split("\r\n")
      .filter((line) => /^(in|out) /.test(line));
    expect(marks).toHaveLength(80);
    const tokens = marks
      .filter((mark) => mark.startsWith("in "))
      .map((mark) => Number(mark.slice(3)));
    for (const [index, token] of tokens.entries()) {
      expect(marks[2 * index + 1]).toBe(`out ${token}`);
      expect(token).toBeGreaterThan(tokens[index - 1] ?? 0);
    }
  });

  test("a held lock is renewed beyond its time to live", async () => {
    const name = fresh();
    const held = await lock(redis, name, { ttl: 300 });
    const untilMs = performance.now() + 900;
    while (performance.now() < untilMs) {
      expect(await server.command("EXISTS", `lock:{${name}}`)).toBe(":1");
      expect(held.isHeld).toBe(true);
    }
    expect(await held.release()).toBe(true);
  });

  test("a lock that somebody deleted is lost: the signal aborts, the body's result is refused, the other keeps it", async () => {
    const name = fresh();
    const outcome = withLock(
      redis,
      name,
      async ({ signal }) => {
        await server.command("SET", `lock:{${name}}`, "somebody else");
        await once(signal, "abort");
        expect(signal.reason).toMatchObject({ code: "UPSHIFT_LOCK_LOST" });
        return "done";
      },
      { ttl: 300 },
    );
    await expect(outcome).rejects.toMatchObject({ code: "UPSHIFT_LOCK_LOST" });
    expect(await server.command("GET", `lock:{${name}}`)).toBe("$13\r\nsomebody else");
  });

  test("a holder that hears nothing from Redis loses the lock no later than Redis gives it away", async () => {
    const proxy = await startTcpProxy({ port: server.port });
    const far = connectRedis(`redis://127.0.0.1:${proxy.port}`, { timeout: "10s" });
    const name = fresh();
    const stock = resource();
    try {
      const held = await lock(far, name, { ttl: 500 });
      proxy.pause();
      const other = await lock(redis, name, { wait: "30s" });
      expect(held.isHeld).toBe(false);
      expect(held.signal.aborted).toBe(true);
      expect(stock.write(other.token, "other")).toBe(true);
      expect(stock.write(held.token, "late")).toBe(false);
      proxy.resume();
      expect(await held.release()).toBe(false);
      expect(await server.command("EXISTS", `lock:{${name}}`)).toBe(":1");
      await other.release();
    } finally {
      await far.close();
      await proxy.stop();
    }
  });

  test(
    "a holder that was stopped and wakes after its time cannot write past the next one",
    { timeout: 60_000 },
    async () => {
      const name = fresh();
      const list = `${name}:list`;
      const holder = spawn(process.execPath, [HOLDER, server.url, name, list, "100000", "500ms"], {
        stdio: "ignore",
      });
      const exited = once(holder, "exit");
      while (!/in \d+/.test(await server.command("LRANGE", list, "0", "-1")));
      holder.kill("SIGSTOP");
      const next = await lock(redis, name, { wait: "30s", ttl: "30s" });
      const marks = await server.command("LRANGE", list, "0", "-1");
      const tokens = [...marks.matchAll(/in (\d+)/g)].map(([, token]) => Number(token));
      expect(Math.max(...tokens)).toBeLessThan(next.token);
      holder.kill("SIGCONT");
      holder.kill("SIGKILL");
      await exited;
      expect(next.isHeld).toBe(true);
      await next.release();
    },
  );

  test("a holder killed with its lock keeps others out for its time to live, not longer", async () => {
    const name = fresh();
    const list = `${name}:list`;
    const holder = spawn(process.execPath, [HOLDER, server.url, name, list, "100000", "500ms"], {
      stdio: "ignore",
    });
    const exited = once(holder, "exit");
    while (!/in \d+/.test(await server.command("LRANGE", list, "0", "-1")));
    holder.kill("SIGKILL");
    await exited;
    const next = await lock(redis, name, { wait: "30s" });
    expect(await next.release()).toBe(true);
  });

  test("an abort ends the wait and leaves nothing", async () => {
    const name = fresh();
    const held = await lock(redis, name);
    const abort = new AbortController();
    const waiting = lock(redis, name, { wait: "1h", signal: abort.signal });
    const reason = new Error("enough");
    abort.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(lock(redis, fresh(), { signal: abort.signal })).rejects.toBe(reason);
    await held.release();
    const next = await lock(redis, name);
    await next.release();
  });

  test("a failing body releases the lock and is what the caller sees", async () => {
    const name = fresh();
    const failure = new Error("no");
    const run = withLock(redis, name, () => Promise.reject(failure));
    await expect(run).rejects.toBe(failure);
    expect(await server.command("EXISTS", `lock:{${name}}`)).toBe(":0");
  });

  test.each([
    ["", {}, /name/],
    ["}a", {}, /name/],
    ["a", { ttl: 5 }, /ttl/],
    ["a", { wait: "soon" }, /wait/],
  ] as const)("%j with %j is refused", async (name, options, message) => {
    await expect(lock(redis, name, options)).rejects.toThrow(message);
  });
});
