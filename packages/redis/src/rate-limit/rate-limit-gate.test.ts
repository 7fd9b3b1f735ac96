import { expect, test } from "vitest";
import { createMemoryRedisServer } from "../memory/memory-redis-server.ts";
import { rateLimit } from "./rate-limit.ts";

test("a caller with less time than Redis needs leaves the others with Redis, until that is away for them too", async () => {
  let answerMs = 30;
  const redis = createMemoryRedisServer().connect({
    intercept: async (_command, apply) => {
      const reply = apply();
      await new Promise((resolve) => setTimeout(resolve, answerMs));
      return reply;
    },
  });
  const limit = rateLimit(redis, { name: "t", policies: { a: "5/1h" }, timeout: 300 });
  await limit.take("a");
  expect(await limit.take("a", 1, { timeoutMs: 5 })).toMatchObject({ decidedBy: "local" });
  expect(await limit.take("a")).toMatchObject({ decidedBy: "store", remaining: 2 });
  answerMs = 5_000;
  expect(await limit.take("a", 1, { timeoutMs: 5 })).toMatchObject({ decidedBy: "local" });
  await new Promise((resolve) => setTimeout(resolve, 400));
  const startedAtMs = performance.now();
  expect(await limit.take("a")).toMatchObject({ decidedBy: "local" });
  expect(performance.now() - startedAtMs).toBeLessThan(100);
});
