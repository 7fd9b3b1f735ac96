import { createSimulatedClock } from "@upshift/foundation/testing";
import { expect, it } from "vitest";
import { defineScript } from "../script.ts";
import { createMemoryRedisServer } from "./memory-redis-server.ts";

const ADD = defineScript("add", "return redis.call('INCRBY', KEYS[1], ARGV[1])");

it("is cut off and comes back: calls are refused, subscribers are told, messages between are lost", async () => {
  const server = createMemoryRedisServer({ clock: createSimulatedClock() });
  const redis = server.connect();
  const events: string[] = [];
  redis.watch({
    onDown: () => events.push("down"),
    onReady: () => events.push("ready"),
    onFailover: () => events.push("failover"),
  });
  await redis.subscribe({
    channels: ["c"],
    onMessage: (message) => events.push(message),
    onDown: () => events.push("lost"),
    onUp: () => events.push("back"),
  });
  // On its way when the connection goes.
  void redis.send(["PUBLISH", "c", "astray"]);
  server.cut();
  await expect(redis.send(["GET", "k"])).rejects.toMatchObject({
    code: "UPSHIFT_REDIS_UNAVAILABLE",
  });
  server.restore();
  await redis.send(["PUBLISH", "c", "heard"]);
  server.failOver();
  await Promise.resolve();
  expect(events).toEqual(["lost", "down", "back", "ready", "heard", "failover"]);
});

it("lets a test stand on the way: commands that never arrive, replies that are lost, timeouts", async () => {
  const clock = createSimulatedClock();
  const server = createMemoryRedisServer({ clock });
  const plain = server.connect();
  let mode = "there";
  const redis = server.connect({
    timeoutMs: 100,
    intercept: async (command, apply) => {
      if (mode === "hangs on the way there") await new Promise(() => {});
      const reply = apply();
      if (mode === "hangs on the way back") await new Promise(() => {});
      expect(command[0]).toBe("INCR");
      return reply;
    },
  });
  expect(await redis.send(["INCR", "n"])).toBe(1);
  for (const [lost, count] of [
    ["hangs on the way there", "1"],
    ["hangs on the way back", "2"],
  ] as const) {
    mode = lost;
    const call = redis.send(["INCR", "n"]).catch((error: unknown) => error);
    await clock.advance(100);
    expect(await call).toMatchObject({ code: "UPSHIFT_REDIS_TIMEOUT" });
    expect(await plain.send(["GET", "n"])).toBe(count);
  }
  expect(clock.timerCount).toBe(0);
});

it("hands out messages as a test wants them: late, in another order, or not at all", async () => {
  const held: (() => void)[] = [];
  const server = createMemoryRedisServer({ deliver: (send) => held.push(send) });
  const redis = server.connect();
  const received: string[] = [];
  await redis.subscribe({ channels: ["c"], onMessage: (message) => received.push(message) });
  for (const message of ["1", "2", "3"]) await redis.send(["PUBLISH", "c", message]);
  expect(received).toEqual([]);
  held[2]?.();
  held[0]?.();
  expect(received).toEqual(["3", "1"]);
});

it("is as new when cleared", async () => {
  const server = createMemoryRedisServer();
  const redis = server.connect();
  expect(await redis.run(ADD, ["n"], [5])).toBe(5);
  server.clear();
  expect(await redis.send(["SCRIPT", "EXISTS", ADD.sha])).toEqual([0]);
  expect(await redis.run(ADD, ["n"], [5])).toBe(5);
});

it("keeps what a script wrote before it failed, as Redis does", async () => {
  const redis = createMemoryRedisServer().connect();
  const half = defineScript("half", "redis.call('SET', KEYS[1], 'x') return redis.call('NOSUCH')");
  await expect(redis.run(half, ["k"], [])).rejects.toMatchObject({ kind: "ERR" });
  expect(await redis.send(["GET", "k"])).toBe("x");
});
