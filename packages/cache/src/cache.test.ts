import { createSimulatedClock } from "@upshift/foundation/testing";
import { createMemoryRedisServer } from "@upshift/redis/testing";
import { describe, expect, it } from "vitest";
import { type Cache, createCache, key, pattern, tag } from "./index.ts";

function deferred() {
  let settle: (() => void) | undefined;
  const promise = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { promise, resolve: () => settle?.() };
}

function fleet(count: number) {
  const clock = createSimulatedClock(1_700_000_000_000);
  const server = createMemoryRedisServer({ clock });
  const errors: unknown[] = [];
  const caches = Array.from({ length: count }, () =>
    createCache({
      redis: server.connect(),
      clock,
      random: () => 0,
      onError: (error) => errors.push(error),
    }),
  );
  return { clock, server, caches, errors };
}

const levels = [
  ["memory alone", () => [createCache({ random: () => 0 })]],
  ["memory and Redis", () => fleet(2).caches],
] as const;

describe.each(levels)("with %s", (_, make) => {
  function define() {
    const caches: readonly Cache[] = make();
    let loads = 0;
    let gate = Promise.resolve();
    const definitions = caches.map((cache) =>
      cache.define("user", {
        load: async (id: string, context) => {
          loads += 1;
          const value = `${id}#${loads}`;
          await gate;
          context.tags(`org:${id.slice(0, 1)}`);
          return value;
        },
      }),
    );
    const [first, last] = [definitions[0], definitions.at(-1)];
    const cache = caches.at(-1);
    if (first === undefined || last === undefined || cache === undefined) throw new Error("none");
    return {
      first,
      last,
      cache,
      loads: () => loads,
      hold: () => {
        const { promise, resolve } = deferred();
        gate = promise;
        return resolve;
      },
    };
  }

  it("loads once, and reads from memory then", async () => {
    const { first, loads } = define();
    expect(await first.get("a1")).toBe("a1#1");
    await new Promise(setImmediate);
    expect(await first.get("a1")).toBe("a1#1");
    expect(first.peek("a1")).toBe("a1#1");
    expect(loads()).toBe(1);
  });

  it("loads once for a thousand callers", async () => {
    const { first, last, loads } = define();
    const values = await Promise.all(
      Array.from({ length: 1000 }, (__, index) => (index % 2 === 0 ? first : last).get("a1")),
    );
    expect(new Set(values)).toEqual(new Set(["a1#1"]));
    expect(loads()).toBe(1);
  });

  it.each([
    ["a key", (d: ReturnType<typeof define>) => d.last.delete("a1")],
    ["a tag", (d: ReturnType<typeof define>) => d.cache.invalidate(tag("org:a"))],
    ["a pattern", (d: ReturnType<typeof define>) => d.cache.invalidate(pattern("user:a*"))],
    ["the definition", (d: ReturnType<typeof define>) => d.last.clear()],
    ["a target", (d: ReturnType<typeof define>) => d.cache.invalidate(key(d.last, "a1"))],
  ])("an invalidation by %s during a load is not undone by it", async (__, invalidate) => {
    const d = define();
    const open = d.hold();
    const early = d.first.get("a1");
    while (d.loads() === 0) await new Promise(setImmediate);
    const status = invalidate(d);
    await new Promise(setImmediate);
    open();
    expect(await early).toBe("a1#1");
    expect((await status).status).toMatch(/applied|local/);
    expect(await d.last.get("a1")).toBe("a1#2");
    await new Promise(setImmediate);
    expect(await d.first.get("a1")).toBe("a1#2");
  });
});
