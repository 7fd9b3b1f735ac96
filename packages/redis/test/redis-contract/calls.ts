import { expect } from "vitest";
import type { ContractCases } from "./redis-contract.ts";

export const callCases: ContractCases = {
  "answers concurrent calls each with its own reply": async ({ redis, key }) => {
    const numbers = Array.from({ length: 500 }, (_, index) => index);
    await Promise.all(numbers.map((n) => redis.send(["SET", `${key}:${n}`, n])));
    const replies = await Promise.all(numbers.map((n) => redis.send(["GET", `${key}:${n}`])));
    expect(replies).toEqual(numbers.map(String));
  },

  "spreads keys over all slots and finds them again": async ({ redis, key }) => {
    const keys = Array.from({ length: 300 }, (_, index) => `${key.slice(1, -1)}:spread:${index}`);
    await Promise.all(keys.map((each) => redis.send(["SET", each, each])));
    expect(await Promise.all(keys.map((each) => redis.send(["GET", each])))).toEqual(keys);
  },

  "does not send what was aborted before": async ({ redis, key }) => {
    const reason = new Error("changed my mind");
    const signal = AbortSignal.abort(reason);
    await expect(redis.send(["SET", key, "x"], { signal })).rejects.toBe(reason);
    expect(await redis.send(["GET", key])).toBeNull();
  },

  "ends the wait with the reason when aborted": async ({ redis, key }) => {
    const controller = new AbortController();
    const reason = new Error("changed my mind");
    const call = redis.send(["SET", key, "x"], { signal: controller.signal });
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    // The connection stays in step.
    expect(await redis.send(["ECHO", "in step"], { key: null })).toBe("in step");
  },

  "counts what is on its way and what was done": async ({ redis, key }) => {
    const before = redis.gauges();
    const call = redis.send(["SET", key, "x"]);
    const during = redis.gauges();
    expect(during.pendingCount + during.queuedCount).toBe(1);
    await call;
    await redis.send(["INCR", key]).catch(() => {});
    const after = redis.gauges();
    expect(after.pendingCount + after.queuedCount).toBe(0);
    expect(after.commandCount - before.commandCount).toBe(2);
    expect(after.errorCount - before.errorCount).toBe(1);
  },

  "refuses what would change or hold up the connection that all share": async ({ redis, key }) => {
    for (const command of [
      ["SELECT", 1],
      ["MULTI"],
      ["BLPOP", key, 0],
      ["subscribe", key],
      ["CLIENT", "REPLY", "OFF"],
      ["client", "tracking", "on"],
      ["XREAD", "COUNT", 1, "BLOCK", 0, "STREAMS", key, "$"],
    ] as const)
      await expect(redis.send(command)).rejects.toThrow(/shared connection/);
    expect(await redis.send(["PING"])).toBe("PONG");
    expect(await redis.send(["XREAD", "STREAMS", "BLOCK", "0"], { key: "BLOCK" })).toBeNull();
  },

  "refuses what is no command, and stays in step": async ({ redis, key }) => {
    for (const command of [
      [],
      [""],
      ["SET", key, undefined],
      ["SET", key, null],
      ["SET", key, { a: 1 }],
      ["SET", key, 10n],
      [7, key],
    ])
      await expect(redis.send(command as never)).rejects.toMatchObject({
        code: "UPSHIFT_INVALID_ARGUMENT",
      });
    expect(await redis.send(["ECHO", "in step"], { key: null })).toBe("in step");
    expect(await redis.send(["GET", key])).toBeNull();
  },

  "refuses a timeout that is none": async ({ redis }) => {
    await expect(redis.send(["PING"], { timeoutMs: Number.NaN })).rejects.toMatchObject({
      code: "UPSHIFT_INVALID_ARGUMENT",
    });
  },

  "is ready, and says so": async ({ connect }) => {
    const other = await connect();
    await other.ready();
    expect(other.isReady).toBe(true);
    await other.ready({ timeoutMs: 1 });
  },
};
