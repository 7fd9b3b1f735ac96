import { expect, it } from "vitest";
import { connectRedis } from "./connect-redis.ts";

it.each([
  [{ timeout: 0 }, "timeout"],
  [{ timeout: "soon" }, "timeout"],
  [{ connectTimeout: -1 }, "connectTimeout"],
  [{ reconnect: { minDelay: 100, maxDelay: 10 } }, "reconnect.maxDelay"],
  [{ offlineQueue: { maxCommands: 1.5 } }, "offlineQueue.maxCommands"],
  [{ heartbeat: 0 }, "heartbeat"],
  [{ database: -1 }, "database"],
])("refuses %j and names it", (options, name) => {
  expect(() => connectRedis("redis://localhost", options)).toThrow(name);
});

it("refuses what is no target, and says what is", () => {
  expect(() => connectRedis(undefined)).toThrow("REDIS_URL");
  expect(() => connectRedis([])).toThrow("at least one node");
  expect(() => connectRedis(["redis://localhost"], { database: 1 })).toThrow("0 in a cluster");
});
