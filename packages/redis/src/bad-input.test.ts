import { UpshiftError } from "@upshift/foundation";
import { Redis as Ioredis } from "ioredis";
import { createClient } from "redis";
import { describe, expect, it } from "vitest";
import { connectRedis } from "./connect/connect-redis.ts";
import { json } from "./hash-record/field.ts";
import { hashRecord } from "./hash-record/hash-record.ts";
import { leaderboard } from "./leaderboard/leaderboard.ts";
import { lock, withLock } from "./lock/lock.ts";
import { createMemoryRedis } from "./memory/memory-redis-server.ts";
import { memoryLimitStore } from "./rate-limit/memory-limit-store.ts";
import { rateLimit } from "./rate-limit/rate-limit.ts";
import { rateLimitHeaders } from "./rate-limit/rate-limit-headers.ts";
import { escapeGlob } from "./scan/escape-glob.ts";
import { removeByPattern } from "./scan/remove-by-pattern.ts";
import { scan } from "./scan/scan.ts";
import { defineScript } from "./script.ts";

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

const URL_WITH_PASSWORD = "redis://user:secret@host:6379";
const redis = createMemoryRedis();
const quotas = { name: "api", policies: { burst: "100/1m" } };

describe.each<readonly [string, (given: never) => unknown]>([
  ["hashRecord", (given) => hashRecord(given, "user", { name: "string" })],
  ["leaderboard", (given) => leaderboard(given, "game")],
  ["rateLimit", (given) => rateLimit(given, quotas)],
  ["lock", (given) => lock(given, "job")],
  ["scan", (given) => scan(given)],
  ["removeByPattern", (given) => removeByPattern(given, "a:*")],
])("%s", (of, call) => {
  it.each<readonly [string, unknown, string]>([
    ["url", URL_WITH_PASSWORD, "a string"],
    ["url", undefined, "undefined"],
    ["url", Promise.resolve(redis), "a promise"],
    ["client", new Ioredis({ lazyConnect: true }), "a client of ioredis"],
    ["client", createClient(), "a client of node-redis"],
  ])("wants connectRedis(%s), and says so", async (argument, given, kind) => {
    const { code, message } = await errorOf(() => call(loose(given)));
    expect(code).toBe("UPSHIFT_INVALID_ARGUMENT");
    expect(message).toBe(
      `Expected \`redis\` of \`${of}\` as \`connectRedis(${argument})\` of @upshift/redis makes it, got "${kind}"`,
    );
  });
});

it.each<readonly [string, () => unknown]>([
  ["a URL, an array of nodes, or a client", () => connectRedis(loose(null))],
  ["a URL, an array of nodes, or a client", () => connectRedis(loose({ url: URL_WITH_PASSWORD }))],
  ["nodes as URLs or `{ host, port }`", () => connectRedis(loose([{ host: "a" }]))],
  ["timeout, connectTimeout", () => connectRedis("redis://h", loose({ tiemout: 5 }))],
  ["the options of `connectRedis`", () => connectRedis("redis://h", loose("ioredis"))],
  ["maxCommands, maxWait in", () => connectRedis("redis://h", { offlineQueue: loose({ max: 5 }) })],
  ['`client` as "ioredis"', () => connectRedis("redis://h", { client: loose("redis") })],
  ["`password` as text", () => connectRedis("redis://h", { password: loose(12_345) })],
  ["`clock` with", () => connectRedis("redis://h", { clock: loose(Date) })],
  ["`name` as text", () => hashRecord(redis, loose(undefined), { a: "string" })],
  ["`schema` as fields", () => hashRecord(redis, "user", loose("string"))],
  ["`a` as string, number", () => hashRecord(redis, "user", { a: loose("text") })],
  ["ttl, sliding in", () => hashRecord(redis, "user", { a: "string" }, loose({ tll: "1m" }))],
  ["`parse` of `json`", () => json(loose(undefined))],
  ["`name` as text", () => leaderboard(redis, loose(undefined))],
  ['`leads` as "high" or "low"', () => leaderboard(redis, "game", { leads: loose("highest") })],
  ["`windows` as", () => leaderboard(redis, "game", { windows: loose("daily") })],
  ["`windows` as", () => leaderboard(redis, "game", { windows: loose(["yearly"]) })],
  ["`clock` with", () => leaderboard(redis, "game", { clock: loose(5) })],
  ["the options of `rateLimit`", () => rateLimit(redis, loose(undefined))],
  ["`name` as text", () => rateLimit(redis, loose({ policies: { a: "1/1s" } }))],
  ["`policies` as quotas", () => rateLimit(redis, loose({ name: "api" }))],
  [
    "limit, window, burst",
    () => rateLimit(redis, { ...quotas, policies: { a: loose({ max: 1 }) } }),
  ],
  ["`failMode` as", () => rateLimit(redis, { ...quotas, failMode: loose("opne") })],
  ["name, policies, failMode", () => rateLimit(redis, loose({ ...quotas, failmode: "open" }))],
  ["maxKeys, clock in", () => memoryLimitStore(loose({ maxkeys: 1 }))],
  ["`decision` as", () => rateLimitHeaders(loose(Promise.resolve({})))],
  ["`name` as text", () => lock(redis, loose(7))],
  ["ttl, wait, signal", () => lock(redis, "job", loose({ tll: "1m" }))],
  ["`ttl` as milliseconds", () => lock(redis, "job", { ttl: "soon" })],
  ["`clock` with", () => lock(redis, "job", { clock: loose({ now: () => 0 }) })],
  ["`body` as a function", () => withLock(redis, "job", loose(Promise.resolve()))],
  ["match, count, type, signal", () => scan(redis, loose({ pattern: "a:*" }))],
  ["the options of `scan`", () => scan(redis, loose("a:*"))],
  ["`pattern` as text", () => removeByPattern(redis, loose(undefined))],
  ["count, type, signal, chunk", () => removeByPattern(redis, "a:*", loose({ match: "b:*" }))],
  ["`text` as text", () => escapeGlob(loose(5))],
  ["`lua` as text", () => defineScript("script", loose(undefined))],
])("Expected … %s …", async (expected, call) => {
  const { code, message } = await errorOf(call);
  expect(code).toBe("UPSHIFT_INVALID_ARGUMENT");
  expect(message).toContain(expected);
  expect(message).not.toContain("secret");
});

it("a pattern that was forgotten removes nothing", async () => {
  await redis.send(["SET", "kept", "1"]);
  await expect(removeByPattern(redis, loose(undefined))).rejects.toThrow("`pattern`");
  expect(await redis.send(["GET", "kept"])).toBe("1");
});

it("a body that was forgotten takes no lock", async () => {
  await expect(withLock(redis, "free", loose(undefined))).rejects.toThrow("`body`");
  const held = await lock(redis, "free");
  expect(held.isHeld).toBe(true);
  await held.release();
});
