import { createSimulatedClock, type SimulatedClock } from "@upshift/foundation/testing";
import { type Reply, RedisTimeoutError } from "@upshift/redis";
import { createMemoryRedisServer, type MemoryRedisServer } from "@upshift/redis/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Cache, createCache, tag } from "../index.ts";

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

let clock: SimulatedClock;
let server: MemoryRedisServer;
let caches: Cache[];
let row: number;

beforeEach(() => {
  clock = createSimulatedClock(1_700_000_000_000);
  server = createMemoryRedisServer({ clock });
  caches = [];
  row = 1;
});

afterEach(async () => {
  for (const cache of caches) await cache.close();
  if (clock.timerCount > 0) throw new Error(`${clock.timerCount} timers are left`);
});

function start(intercept?: (command: readonly string[], apply: () => Reply) => Promise<Reply>) {
  const redis = server.connect(intercept === undefined ? {} : { intercept });
  const cache = createCache({ redis, clock, random: () => 0 });
  caches.push(cache);
  const users = cache.define("user", {
    load: (_: string, context) => {
      context.tags("t");
      return row;
    },
  });
  return { cache, users };
}

describe("a process that starts without Redis", () => {
  it("believes nothing any more that it has loaded until then", async () => {
    const other = start();
    await other.cache.ready();
    let isReachable = false;
    const late = start(async (command, apply) => {
      if (!isReachable) throw new RedisTimeoutError(command[0] ?? "", 250);
      return apply();
    });
    expect(await late.users.get("a")).toBe(1);
    expect(late.users.peek("a")).toBe(1);
    row = 2;
    expect(await other.users.delete("a")).toEqual({ status: "applied" });
    isReachable = true;
    expect(await late.cache.ready()).toBe(true);
    expect(late.users.peek("a")).toBeUndefined();
    expect(await late.users.get("a")).toBe(2);
  });
});

describe("a process whose first question for tags is not answered", () => {
  it("asks again with the next heartbeat, and not for every value from then on", async () => {
    const first = start();
    await first.cache.ready();
    await first.users.get("a");
    await first.cache.invalidate(tag("else"));
    let questions = 0;
    let isMute = true;
    const late = start(async (command, apply) => {
      if (command[0] === "ZMSCORE") questions += 1;
      if (command[0] === "ZREVRANGE" && isMute) throw new RedisTimeoutError("ZREVRANGE", 250);
      return apply();
    });
    await late.cache.ready();
    isMute = false;
    await clock.advance(1_000);
    await settled();
    expect(await late.users.get("a")).toBe(1);
    expect(questions).toBe(0);
  });
});
