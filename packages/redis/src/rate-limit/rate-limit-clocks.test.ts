import { delay } from "@upshift/foundation";
import { createSimulatedClock } from "@upshift/foundation/testing";
import { expect, test } from "vitest";
import { createMemoryRedis, createMemoryRedisServer } from "../memory/memory-redis-server.ts";
import { memoryLimitStore } from "./memory-limit-store.ts";
import { rateLimit } from "./rate-limit.ts";

const HOUR_MS = 3_600_000;
const ONE = { a: "5/10s" };
const TWO = { a: "5/10s", b: "5/20s" };

/** A clock that can be set back. */
function settable() {
  const clock = createSimulatedClock(1_790_000_000_000);
  const setting = { byMs: 0 };
  const now = (): number => clock.now() + setting.byMs;
  return {
    setting,
    advance: (ms: number) => clock.advance(ms),
    clock: { ...clock, now, after: clock.after.bind(clock) },
  };
}

test.each([
  { store: "memory", policies: ONE },
  { store: "memory", policies: TWO },
  { store: "Redis", policies: ONE },
  { store: "Redis", policies: TWO },
])(
  "a clock of $store that is set back an hour refuses no longer than a window: $policies",
  async ({ store, policies }) => {
    const { setting, advance, clock } = settable();
    const limits = store === "memory" ? memoryLimitStore({ clock }) : createMemoryRedis({ clock });
    const limit = rateLimit(limits, {
      name: "t",
      policies,
      clock,
      denialCacheKeys: 0,
      timeout: "1h",
    });
    await limit.take("a", 5);
    setting.byMs = -HOUR_MS;
    const windowMs = policies === ONE ? 10_000 : 20_000;
    expect(await limit.take("a")).toMatchObject({ isAllowed: false, resetAfterMs: windowMs });
    await advance(windowMs);
    expect(await limit.take("a", 5)).toMatchObject({ isAllowed: true, remaining: 0 });
  },
);

test("a refusal that arrives late is not remembered for longer than the wait", async () => {
  const clock = createSimulatedClock(1_790_000_000_000);
  let lateMs = 0;
  const redis = createMemoryRedisServer({ clock }).connect({
    timeoutMs: HOUR_MS,
    intercept: async (_command, apply) => {
      const reply = apply();
      if (lateMs > 0) await delay(clock, lateMs);
      return reply;
    },
  });
  const limit = rateLimit(redis, { name: "t", policies: { a: "1/1s" }, clock, timeout: "1h" });
  await limit.take("a");
  lateMs = 400;
  const refused = limit.take("a");
  await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(lateMs);
  expect(await refused).toMatchObject({ isAllowed: false, decidedBy: "store" });
  lateMs = 0;
  await clock.advance(600);
  expect(await limit.take("a")).toMatchObject({ isAllowed: true });
});
