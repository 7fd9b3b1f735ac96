import { expect } from "vitest";
import type { ContractCases } from "./redis-contract.ts";

export const expiryCases: ContractCases = {
  "keeps a key until its time, and not beyond": async ({ redis, key, elapse }) => {
    await redis.send(["SET", `${key}:a`, "x", "PX", 150]);
    await redis.send(["HSET", `${key}:b`, "f", "x"]);
    expect(await redis.send(["PEXPIRE", `${key}:b`, 150])).toBe(1);
    expect(await redis.send(["GET", `${key}:a`])).toBe("x");
    const leftMs = await redis.send(["PTTL", `${key}:a`]);
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(150);
    await elapse(170);
    expect(await redis.send(["GET", `${key}:a`])).toBeNull();
    expect(await redis.send(["HGETALL", `${key}:b`])).toEqual([]);
    expect(await redis.send(["EXISTS", `${key}:a`, `${key}:b`])).toBe(0);
  },

  "tells a key without an expiry from one that is not there": async ({ redis, key }) => {
    await redis.send(["SET", key, "x"]);
    expect(await redis.send(["PTTL", key])).toBe(-1);
    expect(await redis.send(["PTTL", `${key}:none`])).toBe(-2);
    expect(await redis.send(["PEXPIRE", `${key}:none`, 100])).toBe(0);
  },

  "drops the expiry with SET, keeps it with KEEPTTL and with what changes a value": async ({
    redis,
    key,
  }) => {
    await redis.send(["SET", key, "1", "EX", 100]);
    await redis.send(["SET", key, "2", "KEEPTTL"]);
    await redis.send(["INCR", key]);
    expect(await redis.send(["TTL", key])).toBeGreaterThan(0);
    expect(await redis.send(["PERSIST", key])).toBe(1);
    expect(await redis.send(["TTL", key])).toBe(-1);
    await redis.send(["EXPIRE", key, 100]);
    expect(await redis.send(["PEXPIRE", key, 50_000, "GT"])).toBe(0);
    expect(await redis.send(["PEXPIRE", key, 200_000, "GT"])).toBe(1);
    await redis.send(["SET", key, "3"]);
    expect(await redis.send(["TTL", key])).toBe(-1);
  },
};
