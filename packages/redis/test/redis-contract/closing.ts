import { expect } from "vitest";
import type { ContractCases } from "./redis-contract.ts";

export const closingCases: ContractCases = {
  "answers what was on its way, and takes no more, when closed": async ({ connect, key }) => {
    const other = await connect();
    await other.send(["PING"]);
    const calls = Array.from({ length: 20 }, () => other.send(["INCR", key]));
    const closed = other.close();
    await expect(other.send(["INCR", key])).rejects.toMatchObject({
      code: "UPSHIFT_REDIS_UNAVAILABLE",
    });
    expect(await Promise.all(calls)).toHaveLength(20);
    await closed;
    await other.close();
    expect(other.isReady).toBe(false);
    await expect(other.subscribe({ channels: [key], onMessage: () => {} })).rejects.toMatchObject({
      code: "UPSHIFT_REDIS_UNAVAILABLE",
    });
    await expect(other.dedicate()).rejects.toMatchObject({ code: "UPSHIFT_REDIS_UNAVAILABLE" });
  },

  "ends subscriptions and dedicated connections when closed": async ({ connect, redis, key }) => {
    const other = await connect();
    const received: string[] = [];
    const subscription = await other.subscribe({
      channels: [key],
      onMessage: (message) => received.push(message),
      onDown: () => received.push("down"),
    });
    const dedicated = await other.dedicate();
    const blocked = dedicated.send(["BLPOP", `${key}:list`, 30]);
    const ended = blocked.catch((error: unknown) => error);
    await redis.send(["PING"]);
    await other.close();
    expect(await ended).toMatchObject({
      code: expect.stringMatching(/^UPSHIFT_REDIS_(?:CONNECTION_LOST|UNAVAILABLE)$/),
    });
    await redis.send(["PUBLISH", key, "x"], { key: null });
    expect(subscription.isUp).toBe(false);
    expect(received).toEqual([]);
  },
};
