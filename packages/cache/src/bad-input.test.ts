import { UpshiftError } from "@upshift/foundation";
import { Redis as Ioredis } from "ioredis";
import { createClient } from "redis";
import { describe, expect, it } from "vitest";
import { createCache } from "./cache.ts";
import { all, key, tag } from "./invalidation/target.ts";
import { changeTriggerSql } from "./outside-writes/change-trigger.ts";
import { watchChanges } from "./outside-writes/watch-changes.ts";
import { observeCache } from "./watch/opentelemetry.ts";
import { prometheusText } from "./watch/prometheus.ts";
import { writeBehind } from "./write-behind/write-behind.ts";
import { writeThrough } from "./write-through/write-through.ts";

/** Arguments as a program without types gives them. */
const loose = (value: unknown): never => value as never;

async function errorOf(call: () => unknown): Promise<UpshiftError> {
  try {
    await call();
  } catch (error) {
    if (error instanceof UpshiftError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("the redis of a cache", () => {
  it.each<readonly [string, unknown, string]>([
    ["url", "redis://user:secret@host:6379", "a string"],
    ["url", null, "null"],
    ["url", {}, "an object"],
    ["client", new Ioredis({ lazyConnect: true }), "a client of ioredis"],
    ["client", createClient(), "a client of node-redis"],
  ])("is connectRedis(%s)", async (argument, redis, kind) => {
    const { code, message } = await errorOf(() => createCache({ redis: loose(redis) }));
    expect(code).toBe("UPSHIFT_INVALID_ARGUMENT");
    expect(message).toBe(
      `Expected \`redis\` of \`createCache\` as \`connectRedis(${argument})\` of @upshift/redis makes it, got "${kind}"`,
    );
  });
});

const create = (options: object) => () => createCache(loose(options));
const define = (options: unknown) => () => createCache().define("product", loose(options));
const cache = createCache({
  events: { moved: () => loose("shelf:3"), both: () => [tag("a"), tag("b")] },
});
const products = cache.define("product", { load: (id: number) => id });

it.each<readonly [string, () => unknown]>([
  ["the options of `createCache`", create(loose(null))],
  ["namespace, redis, l1", create({ redsi: 1 })],
  ["the options of `l1`", create({ l1: null })],
  ["after, for in the options of `l2.breaker`", create({ l2: { breaker: { aftr: 5 } } })],
  ["`l2.codec.encode` as a function", create({ l2: { codec: JSON } })],
  ["`backplane.heartbeat` > 0", create({ backplane: { heartbeat: 0 } })],
  ["`policies` by their names", create({ policies: [{ ttl: "1m" }] })],
  ["`policies.product.ttl` as milliseconds", create({ policies: { product: { ttl: "soon" } } })],
  ["in the policy of `policies.product`", create({ policies: { product: { tll: "1m" } } })],
  ["the policy `policies.product`", create({ policies: { product: "10m" } })],
  ["`policies.product.jitter` from 0", create({ policies: { product: { jitter: "0.5" } } })],
  ["soft, hard in", create({ policies: { product: { loadTimeout: { sfot: 1 } } } })],
  ["the options of `defaults.loadTimeout`", create({ defaults: { loadTimeout: "5s" } })],
  ["`defaults.ttl` as milliseconds", create({ defaults: { ttl: -1 } })],
  ["`events.moved` as a function", create({ events: { moved: tag("a") } })],
  ["`onError` as a function", create({ onError: true })],
  ["`random` as a function", create({ random: 0.5 })],
  ["`clock` with", create({ clock: Date })],
  ['the options of `define("product")`', define(undefined)],
  ['the options of `define("product")`', define(() => 1)],
  ["`load` as a function", define({ load: Promise.resolve(1) })],
  ["`key` as a function", define({ key: "id" })],
  ["`policy` as the name of one", define({ policy: 60_000 })],
  ["`write` as `writeThrough(…)`", define({ write: () => {} })],
  ["`save` as a function", () => writeThrough(loose(undefined))],
  ["`writer` as a function", () => writeBehind(loose(undefined))],
  ["mode, merge, maxDelay", () => writeBehind(async () => {}, loose({ maxDely: "1s" }))],
  ["min, max in", () => writeBehind(async () => {}, { backoff: loose({ first: "1s" }) })],
  ["`deadLetter` as a function", () => writeBehind(async () => {}, { deadLetter: loose("log") })],
  ["targets as `tag(…)`", () => cache.invalidate(loose("shelf:3"))],
  ["targets as `tag(…)`", () => cache.invalidate(loose([tag("shelf:3")]))],
  ["targets as `tag(…)`", () => cache.expire(loose(undefined))],
  ["targets as `tag(…)`", () => cache.emit(loose("moved"), loose({}))],
  ['`consistency` as "strict"', () => cache.emit("both", loose({}), { consistency: loose("") })],
  ['`consistency` as "strict"', () => products.delete(7, { consistency: loose("strikt") })],
  ["`tags` as a list", () => products.set(7, 7, { tags: loose("shelf:3") })],
  ["`inputs` as a list", () => products.getMany(loose(7))],
  ["`definition` as `cache.define(…)`", () => key(loose("product"), 7)],
  ["a definition, or none", () => all(loose("product"))],
  ["the options of `changeTriggerSql`", () => changeTriggerSql(loose("orders"))],
  ["`table` as SQL names it", () => changeTriggerSql(loose({ columns: ["id"] }))],
  ["`columns` as a list", () => changeTriggerSql({ table: "orders", columns: loose("id") })],
  ["`cache` as `createCache(…)`", () => watchChanges(loose(undefined), loose({}))],
  ["`connect` as a function", () => watchChanges(cache, loose({ targets: () => [] }))],
  ["`targets` as a function", () => watchChanges(cache, loose({ connect: () => {} }))],
  ["`stats` as `cache.stats()`", () => prometheusText(loose(cache))],
  ["`meter` as", () => observeCache(loose(undefined), cache)],
])("Expected %s …", async (expected, call) => {
  const { code, message } = await errorOf(call);
  expect(code).toBe("UPSHIFT_INVALID_ARGUMENT");
  expect(message).toContain(expected);
});

it("an event may name several targets", async () => {
  expect(await cache.emit("both", loose({}))).toEqual({ status: "local" });
});

it("tags of a definition are a list, which text would be taken for", async () => {
  const tagged = cache.define("tagged", { load: () => 1, tags: () => loose("shelf") });
  await expect(tagged.get(1)).rejects.toThrow("`tags` as a list");
});
