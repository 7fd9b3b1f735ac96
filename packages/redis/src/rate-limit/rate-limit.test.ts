import { createSimulatedClock } from "@upshift/foundation/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RedisTimeoutError } from "../redis-errors.ts";
import type { LimitStore } from "./limit-store.ts";
import { memoryLimitStore } from "./memory-limit-store.ts";
import { createMemoryRedis } from "../memory/memory-redis-server.ts";
import { type RateLimit, rateLimit } from "./rate-limit.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";

function simulated(policies: Record<string, string>) {
  const clock = createSimulatedClock(1_000_000);
  const limit = rateLimit(memoryLimitStore({ clock }), { name: "t", policies, clock });
  return { clock, limit };
}

test("a quiet key may burst, then one comes back per interval", async () => {
  const { clock, limit } = simulated({ api: "5/10s" });
  const burst = [];
  for (let call = 0; call < 6; call++) burst.push(await limit.take("a"));
  expect(burst.map(({ isAllowed, remaining }) => [isAllowed, remaining])).toEqual([
    [true, 4],
    [true, 3],
    [true, 2],
    [true, 1],
    [true, 0],
    [false, 0],
  ]);
  expect(burst[5]).toMatchObject({ retryAfterMs: 2_000, resetAfterMs: 10_000, policy: "api" });
  await clock.advance(1_999);
  expect(await limit.take("a")).toMatchObject({ isAllowed: false, retryAfterMs: 1 });
  await clock.advance(1);
  expect(await limit.take("a")).toMatchObject({ isAllowed: true, remaining: 0 });
  expect(await limit.take("b")).toMatchObject({ isAllowed: true, remaining: 4 });
});

test("all policies are charged or none; the one that refuses is named", async () => {
  const { clock, limit } = simulated({ burst: "3/1s", hourly: "4/1h" });
  for (let call = 0; call < 3; call++) await limit.take("a");
  expect(await limit.take("a")).toMatchObject({ isAllowed: false, policy: "burst" });
  // A third of a second is no whole number of microseconds: it is rounded up.
  await clock.advance(1_001);
  expect(await limit.take("a")).toMatchObject({ isAllowed: true, policy: "hourly", remaining: 0 });
  const refused = await limit.take("a");
  expect(refused).toMatchObject({ isAllowed: false, policy: "hourly" });
  // The refused call took nothing from the other policy: one of three was taken this second.
  expect(refused.policies.map(({ remaining }) => remaining)).toEqual([2, 0]);
});

test("peek takes nothing; refund gives back, never more than there is room for", async () => {
  const { limit } = simulated({ api: "3/1h" });
  expect(await limit.peek("a", 3)).toMatchObject({ isAllowed: true, remaining: 3 });
  await limit.take("a", 2);
  expect(await limit.peek("a", 2)).toMatchObject({ isAllowed: false, remaining: 1 });
  expect(await limit.refund("a")).toMatchObject({ remaining: 2 });
  expect(await limit.refund("a", 3)).toMatchObject({ remaining: 3, resetAfterMs: 0 });
  await limit.take("a", 3);
  expect(await limit.take("a")).toMatchObject({ isAllowed: false });
  await limit.reset("a");
  expect(await limit.take("a", 3)).toMatchObject({ isAllowed: true });
});

test("in any stretch of time no more than the burst and what came back meanwhile is allowed", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 50, max: 5_000 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 700 }), fc.integer({ min: 1, max: 3 })), {
        minLength: 20,
        maxLength: 80,
      }),
      async (limit, burst, windowMs, steps) => {
        const clock = createSimulatedClock(5_000);
        const policies = { p: { limit, burst, window: windowMs } };
        const limiter = rateLimit(memoryLimitStore({ clock }), { name: "t", policies, clock });
        const taken: { readonly atMs: number; readonly cost: number }[] = [];
        let wasRefusedUnduly = false;
        for (const [pauseMs, cost] of steps) {
          await clock.advance(pauseMs);
          const capped = Math.min(cost, burst);
          const before = await limiter.peek("k", capped);
          const { isAllowed } = await limiter.take("k", capped);
          wasRefusedUnduly ||= isAllowed !== before.isAllowed;
          if (isAllowed) taken.push({ atMs: clock.now(), cost: capped });
        }
        expect(wasRefusedUnduly).toBe(false);
        for (const [start, first] of taken.entries()) {
          let sum = 0;
          for (const each of taken.slice(start)) {
            sum += each.cost;
            const cameBack = ((each.atMs - first.atMs) * limit) / windowMs;
            expect(sum).toBeLessThanOrEqual(burst + cameBack + 1e-6);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});

const hung = (counter: { calls: number; isBack: boolean }, then: LimitStore): LimitStore => ({
  async charge(...args) {
    counter.calls += 1;
    if (counter.isBack) return then.charge(...args);
    throw new RedisTimeoutError("EVALSHA", 50);
  },
  async reset() {},
});

describe("a store that does not answer", () => {
  test.each([
    ["local", [true, true, false]],
    ["open", [true, true, true]],
    ["closed", [false, false, false]],
  ] as const)(
    "is decided by failMode %s, is left alone for the pause, and is asked again then",
    async (failMode, allowed) => {
      const clock = createSimulatedClock(1_000);
      const counter = { calls: 0, isBack: false };
      const limit = rateLimit(hung(counter, memoryLimitStore({ clock })), {
        name: "t",
        policies: { p: "2/1h" },
        failMode,
        pauseAfterFailure: "1s",
        clock,
      });
      const decisions = [await limit.take("a"), await limit.take("a"), await limit.take("a")];
      expect(decisions.map(({ isAllowed }) => isAllowed)).toEqual(allowed);
      expect(decisions.every(({ decidedBy }) => decidedBy === failMode)).toBe(true);
      expect(counter.calls).toBe(1);
      await clock.advance(1_000);
      await Promise.all([limit.take("b"), limit.take("b"), limit.take("b")]);
      expect(counter.calls).toBe(2);
      counter.isBack = true;
      await clock.advance(1_000);
      expect(await limit.take("c")).toMatchObject({ isAllowed: true, decidedBy: "store" });
    },
  );

  test("a mistake of the program is not hidden behind failMode", async () => {
    const broken: LimitStore = {
      charge: async () => {
        throw new TypeError("a bug");
      },
      reset: async () => {},
    };
    const limit = rateLimit(broken, { name: "t", policies: { p: "1/1s" } });
    await expect(limit.take("a")).rejects.toThrow("a bug");
  });
});

test("a refused key is refused from memory until its wait is over, whatever the cost", async () => {
  const clock = createSimulatedClock(1_000);
  const store = memoryLimitStore({ clock });
  let asked = 0;
  const counting: LimitStore = {
    ...store,
    charge: (...args) => ((asked += 1), store.charge(...args)),
  };
  const limit = rateLimit(counting, { name: "t", policies: { p: "2/2s" }, clock });
  await limit.take("a", 2);
  expect(await limit.take("a")).toMatchObject({ isAllowed: false, decidedBy: "store" });
  for (let call = 0; call < 100; call++)
    expect(await limit.take("a")).toMatchObject({
      isAllowed: false,
      decidedBy: "denial-cache",
      retryAfterMs: 1_000,
    });
  expect(asked).toBe(2);
  await clock.advance(1_000);
  expect(await limit.take("a", 2)).toMatchObject({ isAllowed: false, decidedBy: "denial-cache" });
  expect(await limit.take("a")).toMatchObject({ isAllowed: true, decidedBy: "store" });
});

test("a clock that is set back does not make a refused key wait longer by as much", async () => {
  let nowMs = 10_000_000;
  const limit = rateLimit(memoryLimitStore(), {
    name: "t",
    policies: { p: "1/50ms" },
    clock: { now: () => nowMs },
  });
  await limit.take("a");
  expect(await limit.take("a")).toMatchObject({ isAllowed: false });
  nowMs -= 3_600_000;
  expect(await limit.take("a")).toMatchObject({ decidedBy: "store" });
});

test("what was given back is there at once, though a refusal from before arrives late", async () => {
  const store = memoryLimitStore();
  const late: (() => void)[] = [];
  const slow: LimitStore = {
    ...store,
    async charge(policies, key, cost, options) {
      const charged = await store.charge(policies, key, cost, options);
      await new Promise<void>((resolve) => void late.push(resolve));
      return charged;
    },
  };
  const limit = rateLimit(slow, { name: "t", policies: { p: "1/1h" } });
  const answered = async <T>(call: Promise<T>, index: number): Promise<T> => {
    while (late[index] === undefined) await Promise.resolve();
    late[index]();
    return call;
  };
  await answered(limit.take("a"), 0);
  const refused = limit.take("a");
  const refund = limit.refund("a");
  expect(await answered(refused, 1)).toMatchObject({ isAllowed: false });
  await answered(refund, 2);
  expect(await answered(limit.take("a"), 3)).toMatchObject({ isAllowed: true });
});

test("a caller that gives up while Redis is being left alone does not send the others to it", async () => {
  const clock = createSimulatedClock(1_000);
  const calls: ((error: unknown) => void)[] = [];
  const away: LimitStore = {
    ...memoryLimitStore({ clock }),
    charge: () => new Promise((_resolve, reject) => void calls.push(reject)),
  };
  const limit = rateLimit(away, { name: "t", policies: { p: "9/1s" }, clock, failMode: "open" });
  const abort = new AbortController();
  const given = limit.take("a", 1, { signal: abort.signal });
  const first = limit.take("a");
  calls[1]?.(new RedisTimeoutError("x", 1));
  expect(await first).toMatchObject({ decidedBy: "open" });
  abort.abort(new Error("enough"));
  await expect(given).rejects.toThrow("enough");
  expect(await limit.take("a")).toMatchObject({ decidedBy: "open" });
  expect(calls).toHaveLength(2);
});

test("the memory store keeps as many keys as it may, the last used ones", async () => {
  const clock = createSimulatedClock(1_000);
  const store = memoryLimitStore({ clock, maxKeys: 2 });
  const limit = rateLimit(store, { name: "t", policies: { p: "1/1h" }, clock, denialCacheKeys: 0 });
  for (const key of ["a", "b"]) await limit.take(key);
  await limit.take("a");
  await limit.take("c");
  expect(await limit.peek("a")).toMatchObject({ isAllowed: false });
  expect(await limit.peek("b")).toMatchObject({ isAllowed: true });
});

describe.each([
  { of: "one policy", policies: { a: "5/3s" } },
  { of: "three policies", policies: { a: "5/3s", b: "20/1m", c: { limit: 3, window: "1s" } } },
])("the scripts with $of", ({ policies }) => {
  test("decide as the memory store does, and let no key expire before its debt is paid", async () => {
    const step = fc.record({
      pauseMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 9_000 })),
      calls: fc.array(
        fc.record({
          action: fc.constantFrom("take", "take", "take", "peek", "refund"),
          key: fc.constantFrom("a", "b", "c", "d"),
          cost: fc.constantFrom(1, 1, 1, 3),
        }),
        { maxLength: 9 },
      ),
    });
    const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const clock = createSimulatedClock(1_790_000_000_000);
      const redis = createMemoryRedis({ clock });
      const options = { name: "t", policies, clock, denialCacheKeys: 0, timeout: "1h" } as const;
      const own = rateLimit(redis, options);
      const model = rateLimit(memoryLimitStore({ clock }), options);
      for (const { pauseMs, calls } of steps) {
        await clock.advance(pauseMs);
        const decide = (limit: RateLimit) =>
          Promise.all(calls.map(({ action, key, cost }) => limit[action](key, cost)));
        const decisions = await decide(own);
        const expected = await decide(model);
        expect(expected.length).toBe(decisions.length);
        for (const [index, decision] of decisions.entries())
          expect({ ...decision, decidedBy: "" }).toEqual({ ...expected[index], decidedBy: "" });
        for (const { key } of calls) {
          const { resetAfterMs } = await model.peek(key);
          const page = await redis.send(["SCAN", "0", "MATCH", `*:${key}`], { key: null });
          const stored = String((page as [string, string[]])[1][0]);
          const lifeMs = Math.max(0, Number(await redis.send(["PTTL", stored])));
          expect(lifeMs).toBeGreaterThanOrEqual(resetAfterMs);
          expect(lifeMs).toBeLessThanOrEqual(resetAfterMs + 4_000);
        }
      }
      await redis.close();
    });
    await fc.assert(property, { numRuns: 25, seed: 7 });
  });
});

test("headers have the quotas and what is left, as structured fields", async () => {
  const { limit } = simulated({ burst: "2/1500ms", 'da"ily': "1000/1d" });
  const allowed = rateLimitHeaders(await limit.take("a"));
  expect(allowed).toEqual({
    "RateLimit-Policy": '"burst";q=2;w=2, "da\\"ily";q=1000;w=86400',
    RateLimit: '"burst";r=1;t=1, "da\\"ily";r=999;t=87',
  });
  await limit.take("a");
  expect(rateLimitHeaders(await limit.take("a"))).toMatchObject({ "Retry-After": "1" });
});

test.each([
  [{ policies: {} }, /policies/],
  [{ policies: { p: "ten per second" } }, /policies\.p/],
  [{ policies: { p: "0/1s" } }, /limit/],
  [{ policies: { p: "1/0s" } }, /window/],
  [{ policies: { "a\r\nSet-Cookie: x": "1/1s" } }, /policy names/],
  [{ name: "", policies: { p: "1/1s" } }, /name/],
  [{ policies: { p: { limit: 1, window: "1s", burst: 0 } } }, /burst/],
])("%j is refused when the limit is made", (options, message) => {
  expect(() => rateLimit(memoryLimitStore(), { name: "t", ...options })).toThrow(message);
});

test("a cost that can never be allowed, and an empty key, are refused", async () => {
  const { limit } = simulated({ p: "5/1s" });
  await expect(limit.take("a", 6)).rejects.toThrow(/at most 5/);
  await expect(limit.take("a", 0)).rejects.toThrow(/cost/);
  await expect(limit.take("")).rejects.toThrow(/key/);
});
