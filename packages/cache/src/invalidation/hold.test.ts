import { createSimulatedClock } from "@upshift/foundation/testing";
import { createMemoryRedisServer } from "@upshift/redis/testing";
import { expect, it } from "vitest";
import { createCache } from "../index.ts";

function started(hasRedis: boolean) {
  const clock = createSimulatedClock(1_700_000_000_000);
  const server = createMemoryRedisServer({ clock });
  const cache = createCache({ clock, ...(hasRedis ? { redis: server.connect() } : {}) });
  let open: (() => void) | undefined;
  let gate: Promise<void> | undefined;
  const users = cache.define("user", {
    load: async () => {
      await gate;
      return "from a replica";
    },
  });
  return {
    clock,
    server,
    users,
    close: () => {
      gate = new Promise((resolve) => {
        open = resolve;
      });
    },
    open: () => open?.(),
  };
}

it("a hold begins when it is asked for, also while Redis cannot be told", async () => {
  const { clock, server, users } = started(true);
  await users.get("a");
  server.cut();
  expect(await users.delete("a", { hold: "1s" })).toEqual({ status: "queued" });
  await users.get("a");
  expect(users.peek("a")).toBeUndefined();
  await clock.advance(1_001);
  await users.get("a");
  expect(users.peek("a")).toBe("from a replica");
});

it.each([true, false])(
  "a load that began during a hold stores nothing after it (with Redis: %s)",
  async (hasRedis) => {
    const { clock, users, close, open } = started(hasRedis);
    await users.delete("a", { hold: "1s" });
    close();
    const reading = users.get("a");
    await clock.advance(1_001);
    open();
    expect(await reading).toBe("from a replica");
    expect(users.peek("a")).toBeUndefined();
  },
);
