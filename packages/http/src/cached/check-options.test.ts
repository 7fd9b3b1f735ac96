import { createCache } from "@upshift/cache";
import { afterAll, expect, it } from "vitest";
import { cached as cachedInFastify } from "./adapters/fastify.ts";
import { cached as cachedInHono } from "./adapters/hono.ts";
import { cached } from "./cached.ts";

const cache = createCache();
afterAll(() => cache.close());

const BUILDERS: readonly (readonly [string, unknown])[] = [
  ["node:http", cached],
  ["Fastify", cachedInFastify],
  ["Hono", cachedInHono],
];

it.each([
  [{ name: "a", cache: undefined }, "`cache` as one of `createCache`"],
  [{ name: "a", cache: new Map() }, "`cache` as one of `createCache`"],
  [{ name: "a", ttl: "1m" }, 'in the options of `cached`, got "ttl"'],
  [{ name: "a", key: "x" }, "`key` as a function"],
  [{ name: "a", private: true }, "`private` as a function"],
  [{ name: "a", tags: ["items"] }, "`tags` as a function"],
  [{ name: "a", onWarning: "log" }, "`onWarning` as a function"],
  [{ name: "a", query: "page" }, "`query` as a list of names"],
  [{ name: "a", vary: [1] }, "`vary` as a list of names"],
  [{ name: "a", ignoreHeaders: "x-id" }, "`ignoreHeaders` as a list of names"],
  [{ name: "a", public: "yes" }, "`public` as `true` or `false`"],
  [{ name: "a", etag: false }, '`etag` as "strong" or "weak"'],
])("%j is refused when the route is made", (options, message) => {
  for (const [framework, build] of BUILDERS) {
    expect(
      () => Reflect.apply(build as () => unknown, undefined, [{ cache, ...options }, () => {}]),
      framework,
    ).toThrow(message);
  }
});

it("a route without a handler is refused", () => {
  expect(() => Reflect.apply(cached, undefined, [{ cache, name: "b" }])).toThrow(
    "a handler as the second argument",
  );
});
