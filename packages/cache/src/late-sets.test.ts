import { createSimulatedClock } from "@upshift/foundation/testing";
import type { Redis } from "@upshift/redis";
import { createMemoryRedisServer } from "@upshift/redis/testing";
import { expect, it } from "vitest";
import { createCache } from "./index.ts";

const START_MS = 1_700_000_000_000;
/** The set has been given up by then: `l2.hardTimeout` is 250 ms. */
const INVALIDATED_AFTER_MS = 255;

/** A process sets a value, which is on its way to Redis for so long; in the meantime another changes the row and invalidates. What is read in a process that has heard of neither? */
async function readAfterSetOnItsWayFor(wayMs: number, serverIsAheadMs: number) {
  const clock = createSimulatedClock(START_MS);
  const serverClock = { ...clock, now: () => clock.now() + serverIsAheadMs };
  const server = createMemoryRedisServer({ clock: serverClock });
  const slow = server.connect({
    async intercept(command, apply) {
      const isSet = command.some((argument) => argument.includes("of the set"));
      if (isSet) await new Promise<void>((resolve) => void clock.after(wayMs, resolve));
      return apply();
    },
  });
  let row = "of the set";
  const start = (redis: Redis) => {
    const cache = createCache({ redis, clock });
    return { cache, rows: cache.define("row", { policy: { l1Ttl: 0 }, load: () => row }) };
  };
  const one = start(slow);
  const other = start(server.connect());
  await clock.advance(1_000);
  // The script is there, so that a late one needs no second way.
  await one.rows.set("b", "before");
  const setting = one.rows.set("a", row);
  await clock.advance(INVALIDATED_AFTER_MS);
  row = "of the other";
  const invalidating = other.rows.delete("a");
  await clock.advance(wayMs - INVALIDATED_AFTER_MS + 10);
  const newcomer = start(server.connect());
  await clock.advance(10);
  const reading = newcomer.rows.get("a");
  await clock.advance(1_000);
  const value = await reading;
  const { status } = await setting;
  await invalidating;
  for (const { cache } of [one, other, newcomer]) {
    const closed = cache.close();
    await clock.advance(1_000);
    await closed;
  }
  return { value, status };
}

it.each([0, 5_000, -5_000])(
  "a value that arrives in Redis after its caller has given it up does not undo what was invalidated since, with clocks %d ms apart",
  async (serverIsAheadMs) => {
    for (const wayMs of [260, 300, 650, 900])
      expect(await readAfterSetOnItsWayFor(wayMs, serverIsAheadMs)).toEqual({
        value: "of the other",
        status: "queued",
      });
  },
);
