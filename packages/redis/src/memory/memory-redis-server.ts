import type { TimerClock } from "@upshift/foundation";
import { systemClock } from "@upshift/foundation";
import type { Redis, Reply } from "../redis.ts";
import { MemoryRedis } from "./memory-redis.ts";
import { MemoryServer } from "./memory-server.ts";
import type { ServerReply } from "./server-reply.ts";

export interface MemoryRedisServerOptions {
  /** Of expiries, TIME and timeouts. Default: the system's; tests give a simulated one. */
  readonly clock?: TimerClock;
  /** For SPOP. Default is `Math.random`. */
  readonly random?: () => number;
  /**
   * Hands a published message to one subscriber by calling `send`: at once, later, in another order, or never. Default: in the next microtask, in order.
   */
  readonly deliver?: (send: () => void, message: PublishedMessage) => void;
}

export interface PublishedMessage {
  readonly channel: string;
  readonly message: string;
}

export interface MemoryConnectOptions {
  /** For a command that says nothing else and does not return at once. Default is 500. */
  readonly timeoutMs?: number;
  /**
   * Stands between the connection and the server: `apply` runs the command, at once and whole, and gives its reply. What is awaited before it is the way there, what is
   * awaited after it the way back; an error thrown before it is a command that never arrived, one thrown after it a reply that was lost.
   */
  readonly intercept?: (command: readonly string[], apply: () => Reply) => Promise<Reply>;
}

/** A Redis in this process, for tests: one server, any number of connections. */
export interface MemoryRedisServer {
  connect(options?: MemoryConnectOptions): Redis;
  /** Ends every connection; commands are refused and subscriptions are down until {@link restore}. */
  cut(): void;
  restore(): void;
  /**
   * Forgets all data and all scripts, as a new server would; connections and subscriptions stay. For many short runs, since a script has to be compiled by a new
   * server, and not again by this one.
   */
  clear(): void;
  /** Tells the connections that a replica was promoted. The data stays. */
  failOver(): void;
}

/** What the connections of one server share. */
export interface Hub {
  readonly clock: TimerClock;
  readonly isReachable: boolean;
  execute(command: readonly string[]): ServerReply | undefined;
  lastStreamId(key: string): string;
  /** Called after every command that may have written. */
  readonly waiting: Set<() => void>;
  readonly connections: Set<HubConnection>;
  /** By channel, in bytes. */
  readonly listeners: Map<string, Set<(message: string, channel: string) => void>>;
}

export interface HubConnection {
  onCut(): void;
  onRestored(): void;
  onFailover(): void;
}

export function createMemoryRedisServer({
  clock = systemClock,
  random = Math.random,
  deliver = (send) => queueMicrotask(send),
}: MemoryRedisServerOptions = {}): MemoryRedisServer {
  let isReachable = true;
  const listeners: Hub["listeners"] = new Map();
  const publish = (channel: string, message: string): number => {
    const subscribed = [...(listeners.get(channel) ?? [])];
    for (const listener of subscribed)
      deliver(() => listener(message, channel), { channel, message });
    return subscribed.length;
  };
  const server = new MemoryServer(clock, random, publish);
  const hub: Hub = {
    clock,
    get isReachable() {
      return isReachable;
    },
    execute(command) {
      const reply = server.execute(command);
      // Those that wait as of now: one that finds nothing joins the line again.
      if (reply !== undefined) for (const retry of Array.from(hub.waiting)) retry();
      return reply;
    },
    lastStreamId: (key) => server.lastStreamId(key),
    waiting: new Set(),
    connections: new Set(),
    listeners,
  };
  return {
    connect: (options) => new MemoryRedis(hub, options),
    cut() {
      if (!isReachable) return;
      isReachable = false;
      for (const connection of hub.connections) connection.onCut();
    },
    restore() {
      if (isReachable) return;
      isReachable = true;
      for (const connection of hub.connections) connection.onRestored();
    },
    clear: () => server.clear(),
    failOver() {
      for (const connection of hub.connections) connection.onFailover();
    },
  };
}

/** One connection to a Redis of its own in this process, for tests. */
export function createMemoryRedis(
  options: MemoryRedisServerOptions & MemoryConnectOptions = {},
): Redis {
  return createMemoryRedisServer(options).connect(options);
}
