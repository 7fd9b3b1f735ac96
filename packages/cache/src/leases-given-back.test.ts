import { createSimulatedClock } from "@upshift/foundation/testing";
import { createMemoryRedisServer } from "@upshift/redis/testing";
import { describe, expect, it } from "vitest";
import { createCache, type DefinitionOptions } from "./index.ts";

function throws(): never {
  throw new Error("broken");
}

/** The load of one process ends in an error of the application; how long does another wait that has none? */
async function waitOfAnother(broken: DefinitionOptions<string, number>): Promise<number> {
  const clock = createSimulatedClock(1_700_000_000_000);
  const server = createMemoryRedisServer({ clock });
  const caches = [0, 1].map(() => createCache({ redis: server.connect(), clock }));
  await clock.advance(1);
  const options = { policy: { lease: "5s" }, load: () => 7 };
  const [one, other] = caches.map((cache, index) =>
    cache.define("n", index === 0 ? { ...options, ...broken } : options),
  );
  const failed = one?.get("a").catch((error: unknown) => error);
  await clock.advance(10);
  await failed;
  const startedAtMs = clock.now();
  const state = { endedAtMs: Number.POSITIVE_INFINITY };
  void other?.get("a").then(() => {
    state.endedAtMs = clock.now();
    return undefined;
  });
  await clock.advance(20_000);
  await Promise.all(caches.map((cache) => cache.close()));
  return state.endedAtMs - startedAtMs;
}

describe("a lease is given back at once", () => {
  it.each([
    ["a loader", { load: throws }],
    ["the tags", { tags: throws }],
    ["the version", { version: throws }],
  ])("when %s of the application fail", async (_, broken) => {
    expect(await waitOfAnother(broken)).toBeLessThan(10);
  });
});
