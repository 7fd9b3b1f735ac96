import { expect } from "vitest";
import { RedisReplyError } from "../../src/redis-errors.ts";
import type { ContractCases } from "./redis-contract.ts";

/** Replies have the shapes of RESP2, whatever is spoken. */
export const replyCases: ContractCases = {
  "gives text for strings, null for nothing, numbers for integers": async ({ redis, key }) => {
    expect(await redis.send(["SET", `${key}:text`, "Grüße, 世界 🌍"])).toBe("OK");
    expect(await redis.send(["GET", `${key}:text`])).toBe("Grüße, 世界 🌍");
    expect(await redis.send(["GET", `${key}:nothing`])).toBeNull();
    expect(await redis.send(["INCRBY", `${key}:number`, 41])).toBe(41);
    expect(await redis.send(["STRLEN", `${key}:text`])).toBe(Buffer.byteLength("Grüße, 世界 🌍"));
    expect(await redis.send(["MGET", `${key}:text`, `${key}:nothing`])).toEqual([
      "Grüße, 世界 🌍",
      null,
    ]);
  },

  "takes numbers and buffers as arguments, also the empty string": async ({ redis, key }) => {
    await redis.send(["MSET", `${key}:a`, 1.5, `${key}:b`, "", `${key}:c`, Buffer.from("c")]);
    expect(await redis.send(["MGET", `${key}:a`, `${key}:b`, `${key}:c`])).toEqual([
      "1.5",
      "",
      "c",
    ]);
  },

  "carries every byte, back as buffers": async ({ redis, key }) => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    await redis.send(["SET", `${key}:bytes`, bytes]);
    expect(await redis.send(["GET", `${key}:bytes`], { asBuffers: true })).toEqual(bytes);
    await redis.send(["HSET", `${key}:hash`, "field", bytes]);
    expect(await redis.send(["HGETALL", `${key}:hash`], { asBuffers: true })).toEqual([
      Buffer.from("field"),
      bytes,
    ]);
    expect(await redis.send(["GET", `${key}:nothing`], { asBuffers: true })).toBeNull();
    expect(await redis.send(["STRLEN", `${key}:bytes`], { asBuffers: true })).toBe(256);
  },

  "carries a megabyte": async ({ redis, key }) => {
    const text = "0123456789abcdef".repeat(65_536);
    await redis.send(["SET", `${key}:large`, text]);
    expect(await redis.send(["GET", `${key}:large`])).toBe(text);
  },

  "gives a hash as fields and values by turns": async ({ redis, key }) => {
    expect(await redis.send(["HSET", `${key}:hash`, "a", 1, "b", 2])).toBe(2);
    expect(await redis.send(["HGETALL", `${key}:hash`])).toEqual(["a", "1", "b", "2"]);
    // As ioredis knows the command, which reshapes its reply.
    expect(await redis.send(["hgetall", `${key}:hash`])).toEqual(["a", "1", "b", "2"]);
    expect(await redis.send(["HGETALL", `${key}:nothing`])).toEqual([]);
    expect(await redis.send(["HMGET", `${key}:hash`, "b", "c"])).toEqual(["2", null]);
  },

  "gives scores as text, beside their members": async ({ redis, key }) => {
    await redis.send(["ZADD", `${key}:board`, 1.5, "a", 3, "b", "inf", "c"]);
    expect(await redis.send(["ZSCORE", `${key}:board`, "a"])).toBe("1.5");
    expect(await redis.send(["ZSCORE", `${key}:board`, "b"])).toBe("3");
    expect(await redis.send(["ZSCORE", `${key}:board`, "d"])).toBeNull();
    expect(await redis.send(["ZINCRBY", `${key}:board`, 0.25, "a"])).toBe("1.75");
    expect(await redis.send(["ZRANGE", `${key}:board`, 0, -1])).toEqual(["a", "b", "c"]);
    expect(await redis.send(["ZRANGE", `${key}:board`, 0, -1, "WITHSCORES"])).toEqual([
      "a",
      "1.75",
      "b",
      "3",
      "c",
      "inf",
    ]);
    const popped = await redis.send(["ZPOPMIN", `${key}:board`, 2]);
    expect(popped).toEqual(["a", "1.75", "b", "3"]);
    expect(await redis.send(["ZMSCORE", `${key}:board`, "c", "d"])).toEqual(["inf", null]);
  },

  "gives a set as an array": async ({ redis, key }) => {
    await redis.send(["SADD", `${key}:set`, "a", "b", "a"]);
    const members = await redis.send(["SMEMBERS", `${key}:set`]);
    expect(new Set(Array.isArray(members) ? members : [])).toEqual(new Set(["a", "b"]));
    expect(await redis.send(["SISMEMBER", `${key}:set`, "a"])).toBe(1);
  },

  "gives entries of a stream as [id, [field, value, …]]": async ({ redis, key }) => {
    expect(await redis.send(["XADD", `${key}:stream`, "1-1", "a", "b", "c", "d"])).toBe("1-1");
    await redis.send(["XADD", `${key}:stream`, "2-1", "e", "f"]);
    const [first, second] = [
      ["1-1", ["a", "b", "c", "d"]],
      ["2-1", ["e", "f"]],
    ];
    expect(await redis.send(["XRANGE", `${key}:stream`, "-", "+"])).toEqual([first, second]);
    const read: readonly [string, ...string[]] = ["XREAD", "STREAMS", `${key}:stream`, "1-1"];
    expect(await redis.send(read, { key: `${key}:stream` })).toEqual([[`${key}:stream`, [second]]]);
    const none: readonly [string, ...string[]] = ["XREAD", "STREAMS", `${key}:stream`, "2-1"];
    expect(await redis.send(none, { key: `${key}:stream` })).toBeNull();
  },

  "tells an error reply by its first word": async ({ redis, key }) => {
    await redis.send(["SET", `${key}:text`, "x"]);
    const wrong = redis.send(["LPUSH", `${key}:text`, "y"]);
    await expect(wrong).rejects.toMatchObject({
      code: "UPSHIFT_REDIS_REPLY",
      kind: "WRONGTYPE",
      details: { command: "LPUSH" },
    });
    await expect(redis.send(["INCR", `${key}:text`])).rejects.toMatchObject({ kind: "ERR" });
    expect(await redis.send(["GET", `${key}:text`])).toBe("x");
  },

  "keeps arguments out of errors": async ({ redis, key }) => {
    const error = await redis.send(["NOSUCHCOMMAND", key, "a-secret-value"]).catch(String);
    expect(error).toContain("NOSUCHCOMMAND");
    expect(error).not.toContain("a-secret-value");
    const inspected = await redis
      .send(["LPUSH", `${key}:no`, "a-secret-value"])
      .then(() => redis.send(["INCRBY", `${key}:no`, "a-secret-value"]))
      .catch((cause: unknown) => cause);
    expect(inspected).toBeInstanceOf(RedisReplyError);
    const { inspect } = await import("node:util");
    expect(inspect(inspected, { depth: 10, showHidden: true })).not.toContain("a-secret-value");
  },
};
