import { createSimulatedClock } from "@upshift/foundation/testing";
import { createMemoryRedisServer } from "@upshift/redis/testing";
import { expect, test } from "vitest";
import { openWriteBehind } from "./open-write-behind.ts";
import { type Change, writeBehind } from "./write-behind.ts";

interface User {
  readonly name: string;
  readonly seen?: number;
}

const codec = {
  encode: (value: unknown) => JSON.stringify(value),
  decode: (text: string): unknown => JSON.parse(text),
};

test("changes of a key within the delay are one row, and readers see the last one until it is written", async () => {
  const clock = createSimulatedClock(1_700_000_000_000);
  const server = createMemoryRedisServer({ clock });
  const redis = server.connect();
  const calls: (readonly Change<string, User>[])[] = [];
  const store = openWriteBehind<string, User>(
    writeBehind(
      async (changes: readonly Change<string, User>[]) => {
        calls.push(changes);
      },
      { mode: "patch", maxDelay: "1s" },
    ),
    { redis, namespace: "shop", name: "user", codec, keyOf: (text) => text, clock },
  );
  const first = await store.put("7", { name: "Ada" });
  const second = await store.patch("7", { seen: 1 });
  await store.patch("8", { seen: 2 });
  expect(BigInt(second)).toBeGreaterThan(BigInt(first));
  expect(await store.read("7")).toEqual({ sequence: second, value: { name: "Ada", seen: 1 } });
  await clock.advance(500);
  expect(calls).toEqual([]);
  await clock.advance(600);
  expect(calls.flat()).toHaveLength(2);
  expect(calls.flat()).toContainEqual({
    key: "7",
    value: { name: "Ada", seen: 1 },
    sequence: second,
    changeCount: 2,
  });
  expect(await store.read("7")).toBeUndefined();
  expect(store.gauges()).toMatchObject({ callCount: 1, pendingCount: 0, coveredCount: 3 });
  await store.close();
  expect(clock.timerCount).toBe(0);
});
