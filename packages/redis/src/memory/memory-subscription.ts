import type { Subscriber, Subscription } from "../redis.ts";
import { toBytes, toText } from "./lua/lua-value.ts";
import type { Hub } from "./memory-redis-server.ts";

export interface MemorySubscription extends Subscription {
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
  onCut(): void;
  onRestored(): void;
}

export function subscribeInMemory(
  hub: Hub,
  subscriber: Subscriber,
  onClose: () => void,
): MemorySubscription {
  const channels = subscriber.channels.map(toBytes);
  /** Grows when the connection changes: what was on its way over the old one is lost. */
  let epoch = 0;
  let isUp = false;
  let listener: ((message: string, channel: string) => void) | undefined;
  const listen = (): void => {
    const own = epoch;
    isUp = true;
    listener = (message, channel) => {
      if (own === epoch && isUp) subscriber.onMessage(toText(message), toText(channel));
    };
    for (const channel of channels) {
      const listeners = hub.listeners.get(channel) ?? new Set();
      listeners.add(listener);
      hub.listeners.set(channel, listeners);
    }
  };
  const leave = (): void => {
    epoch += 1;
    isUp = false;
    for (const channel of channels) {
      const listeners = hub.listeners.get(channel);
      if (listener !== undefined) listeners?.delete(listener);
      if (listeners?.size === 0) hub.listeners.delete(channel);
    }
  };
  listen();
  return {
    get isUp() {
      return isUp;
    },
    onCut() {
      if (!isUp) return;
      leave();
      subscriber.onDown?.();
    },
    onRestored() {
      if (isUp) return;
      listen();
      subscriber.onUp?.();
    },
    async close() {
      leave();
      onClose();
    },
  };
}
