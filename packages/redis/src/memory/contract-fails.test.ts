import { createSimulatedClock } from "@upshift/foundation/testing";
import { expect, it } from "vitest";
import { contractCases } from "../../test/redis-contract/redis-contract.ts";
import type { Redis } from "../redis.ts";
import { createMemoryRedisServer } from "./memory-redis-server.ts";

/** Wrong in one way each, and the case that has to notice. */
const WRONG: readonly (readonly [string, string, (right: Redis) => Partial<Redis>])[] = [
  [
    "numbers come as text",
    "gives text for strings, null for nothing, numbers for integers",
    (right) => ({
      send: async (...args) => {
        const reply = await right.send(...args);
        return typeof reply === "number" ? String(reply) : reply;
      },
    }),
  ],
  [
    "an aborted command is sent all the same",
    "does not send what was aborted before",
    (right) => ({
      send: (command, options) => right.send(command, { ...options, signal: undefined }),
    }),
  ],
  [
    "a script is never loaded again",
    "loads a script again after the server has forgotten it",
    (right) => ({
      run: (script, keys, args) =>
        right.send(["EVALSHA", script.sha, keys.length, ...keys, ...args], {
          key: keys[0] ?? null,
        }),
    }),
  ],
  [
    "a script runs twice",
    "loads a script again after the server has forgotten it",
    (right) => ({
      run: async (...args) => {
        await right.run(...args);
        return await right.run(...args);
      },
    }),
  ],
  [
    "messages go astray",
    "delivers what is published after the subscription was confirmed, in order",
    (right) => ({
      subscribe: (subscriber) =>
        right.subscribe({
          ...subscriber,
          onMessage: (message, channel) => subscriber.onMessage(`${message}?`, channel),
        }),
    }),
  ],
  [
    "a closed connection still sends",
    "answers what was on its way, and takes no more, when closed",
    () => ({ close: async () => {} }),
  ],
  [
    "bytes are taken for text",
    "carries every byte, back as buffers",
    (right) => ({ send: (command) => right.send(command) }),
  ],
];

it.each(WRONG)("the contract notices when %s", async (_, claim, spoil) => {
  const clock = createSimulatedClock();
  const server = createMemoryRedisServer({ clock });
  const connect = async (): Promise<Redis> => {
    const right = server.connect();
    const wrong = spoil(right);
    return new Proxy(right, {
      get(target, name) {
        const value: unknown = Reflect.get(wrong, name) ?? Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  };
  const run = contractCases[claim];
  expect(run).toBeDefined();
  const elapse = (ms: number): Promise<void> => clock.advance(ms);
  const context = { redis: await connect(), key: "{k}", elapse, connect };
  const outcome = await run?.(context).then(
    () => "passed",
    () => "failed",
  );
  expect(outcome).toBe("failed");
});
