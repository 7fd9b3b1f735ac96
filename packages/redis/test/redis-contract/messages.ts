import { expect, vi } from "vitest";
import type { ContractCases } from "./redis-contract.ts";

export const messageCases: ContractCases = {
  "delivers what is published after the subscription was confirmed, in order": async ({
    redis,
    key,
  }) => {
    const received: string[] = [];
    const onMessage = (message: string, channel: string): void => {
      received.push(`${channel}=${message}`);
    };
    const subscription = await redis.subscribe({ channels: [`${key}:a`, `${key}:b`], onMessage });
    expect(subscription.isUp).toBe(true);
    for (const [channel, message] of [
      [`${key}:a`, "1"],
      [`${key}:b`, "Grüße"],
      [`${key}:c`, "not mine"],
      [`${key}:a`, ""],
    ] as const)
      await redis.send(["PUBLISH", channel, message], { key: null });
    await vi.waitFor(() => expect(received).toHaveLength(3), { timeout: 5_000 });
    expect(received.filter((each) => each.startsWith(`${key}:a`))).toEqual([
      `${key}:a=1`,
      `${key}:a=`,
    ]);
    expect(received).toContain(`${key}:b=Grüße`);
    await subscription.close();
    expect(subscription.isUp).toBe(false);
    await redis.send(["PUBLISH", `${key}:a`, "too late"], { key: null });
    await redis.send(["PING"]);
    expect(received).toHaveLength(3);
  },

  "delivers to each of several subscribers": async ({ redis, key, connect }) => {
    const other = await connect();
    const received: string[] = [];
    const subscribe = async (
      from: typeof redis,
      name: string,
    ): Promise<{ close(): Promise<void> }> =>
      from.subscribe({ channels: [key], onMessage: (message) => received.push(name + message) });
    const subscriptions = await Promise.all([
      subscribe(redis, "a"),
      subscribe(redis, "b"),
      subscribe(other, "c"),
    ]);
    await redis.send(["PUBLISH", key, "!"], { key: null });
    await vi.waitFor(() => expect(received.toSorted()).toEqual(["a!", "b!", "c!"]), {
      timeout: 5_000,
    });
    await Promise.all(subscriptions.map((subscription) => subscription.close()));
  },

  "gives up a subscription that was aborted": async ({ redis, key }) => {
    const reason = new Error("changed my mind");
    const subscriber = { channels: [key], onMessage: () => {} };
    const aborted = redis.subscribe(subscriber, { signal: AbortSignal.abort(reason) });
    await expect(aborted).rejects.toBe(reason);
  },
};
