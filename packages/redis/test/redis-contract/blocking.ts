import { expect } from "vitest";
import type { ContractCases } from "./redis-contract.ts";

export const blockingCases: ContractCases = {
  "blocks on a connection of its own, without holding up the others": async ({
    redis,
    key,
    elapse,
  }) => {
    const dedicated = await redis.dedicate();
    try {
      const popped = dedicated.send(["BLPOP", key, 30]);
      // Answered while the other one blocks.
      expect(await redis.send(["PING"])).toBe("PONG");
      await redis.send(["RPUSH", key, "job"]);
      expect(await popped).toEqual([key, "job"]);
      const inVain = dedicated.send(["BLPOP", key, 0.05]);
      await elapse(60);
      expect(await inVain).toBeNull();
    } finally {
      await dedicated.close();
    }
    await expect(dedicated.send(["PING"])).rejects.toMatchObject({
      code: "UPSHIFT_REDIS_UNAVAILABLE",
    });
  },

  "ends a wait that blocks when it is aborted": async ({ redis, key }) => {
    const dedicated = await redis.dedicate();
    const controller = new AbortController();
    const reason = new Error("shutting down");
    const popped = dedicated.send(["BLPOP", key, 30], { signal: controller.signal });
    await redis.send(["PING"]);
    controller.abort(reason);
    await expect(popped).rejects.toBe(reason);
    await dedicated.close();
  },
};
