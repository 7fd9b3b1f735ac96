import { setImmediate } from "node:timers/promises";
import { InvalidArgumentError } from "@upshift/foundation";
import { withoutEcho } from "../connect/failure-reason.ts";
import { faultOf } from "../connect/command-fault.ts";
import { refusalOfShared } from "../connect/shared-connection.ts";
import type {
  Argument,
  CommandOptions,
  CommandTarget,
  ConnectionWatcher,
  DedicatedConnection,
  Redis,
  RedisGauges,
  Reply,
  Subscriber,
  Subscription,
  WaitOptions,
} from "../redis.ts";
import { RedisReplyError, RedisTimeoutError, RedisUnavailableError } from "../redis-errors.ts";
import type { Script } from "../script.ts";
import { toText } from "./lua/lua-value.ts";
import type { Hub, HubConnection, MemoryConnectOptions } from "./memory-redis-server.ts";
import { argumentBytes, replyOf } from "./memory-reply.ts";
import { type MemorySubscription, subscribeInMemory } from "./memory-subscription.ts";
import { isError, type ServerReply } from "./server-reply.ts";
import { type Blocked, blockedFor } from "./blocked-command.ts";

type Command = readonly [name: string, ...args: Argument[]];

const DEFAULT_TIMEOUT_MS = 500;
const CLOSE_TIMEOUT_MS = 5_000;

/** The port over a server in this process. */
export class MemoryRedis implements Redis, DedicatedConnection, HubConnection {
  readonly kind = "single";
  readonly #hub: Hub;
  readonly #isShared: boolean;
  readonly #options: MemoryConnectOptions;
  readonly #timeoutMs: number;
  readonly #watchers = new Set<ConnectionWatcher>();
  readonly #children = new Set<MemorySubscription | MemoryRedis>();
  readonly #pending = new Set<(error: unknown) => void>();
  #isClosed = false;
  #inFlightCount = 0;
  #commandCount = 0;
  #errorCount = 0;
  #timeoutCount = 0;
  #reconnectCount = 0;

  constructor(hub: Hub, options: MemoryConnectOptions = {}, isShared = true) {
    this.#hub = hub;
    this.#isShared = isShared;
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    hub.connections.add(this);
  }

  get isReady(): boolean {
    return !this.#isClosed && this.#hub.isReachable;
  }

  send(command: Command, options: CommandOptions = {}): Promise<Reply> {
    const [name] = command;
    const refusal = faultOf(command) ?? (this.#isShared ? refusalOfShared(command) : undefined);
    if (refusal !== undefined) return this.#refuse(refusal);
    const { timeoutMs = this.#timeoutMs } = options;
    if (!(timeoutMs >= 0))
      return this.#refuse(new InvalidArgumentError("`timeoutMs` >= 0", timeoutMs));
    this.#commandCount += 1;
    if (!this.isReady) return this.#refuse(new RedisUnavailableError(name, this.#whyDown()));
    if (options.signal?.aborted === true) return this.#refuse(options.signal.reason);
    const bytes = command.map(argumentBytes);
    const asBuffers = options.asBuffers === true;
    const { intercept } = this.#options;
    if (intercept === undefined) {
      const reply = this.#hub.execute(bytes);
      if (reply === undefined)
        return this.#pend(name, options, () => this.#block(bytes, asBuffers));
      const { signal } = options;
      if (signal !== undefined)
        return this.#pend(name, options, () => settled(name, reply, asBuffers));
      this.#inFlightCount += 1;
      queueMicrotask(() => {
        this.#inFlightCount -= 1;
      });
      if (isError(reply)) return this.#refuse(replyError(name, reply.err));
      return Promise.resolve(replyOf(reply, asBuffers));
    }
    const apply = (): Reply => {
      if (!this.isReady) throw new RedisUnavailableError(name, this.#whyDown());
      const reply = this.#hub.execute(bytes) ?? null;
      if (isError(reply)) throw replyError(name, reply.err);
      return replyOf(reply, asBuffers);
    };
    return this.#pend(name, options, () => ({
      reply: intercept(bytes.map(toText), apply),
      stop: () => {},
    }));
  }

  async run(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
    options?: CommandOptions,
  ): Promise<Reply> {
    const command: Command = ["EVALSHA", script.sha, keys.length, ...keys, ...args];
    try {
      return await this.send(command, options);
    } catch (error) {
      if (!(error instanceof RedisReplyError) || error.kind !== "NOSCRIPT") throw error;
      await this.send(["SCRIPT", "LOAD", script.lua]);
      return await this.send(command, options);
    }
  }

  async masters(): Promise<readonly CommandTarget[]> {
    return [this];
  }

  ready({ signal, timeoutMs = CLOSE_TIMEOUT_MS }: WaitOptions = {}): Promise<void> {
    if (this.isReady) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw new RedisUnavailableError("PING", this.#whyDown());
      signal?.throwIfAborted();
      const end = (): void => {
        cancelTimer();
        stopWatching();
        signal?.removeEventListener("abort", abort);
      };
      const abort = (): void => {
        end();
        reject(signal?.reason);
      };
      const stopWatching = this.watch({
        onReady: () => {
          end();
          resolve();
        },
      });
      const cancelTimer = this.#hub.clock.after(timeoutMs, () => {
        end();
        reject(new RedisUnavailableError("PING", this.#whyDown()));
      });
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  async subscribe(subscriber: Subscriber, { signal }: WaitOptions = {}): Promise<Subscription> {
    if (!this.isReady) throw new RedisUnavailableError("SUBSCRIBE", this.#whyDown());
    signal?.throwIfAborted();
    const subscription = subscribeInMemory(this.#hub, subscriber, () =>
      this.#children.delete(subscription),
    );
    this.#children.add(subscription);
    return subscription;
  }

  async dedicate(): Promise<DedicatedConnection> {
    if (this.#isClosed) throw new RedisUnavailableError("PING", this.#whyDown());
    const patient = { ...this.#options, timeoutMs: Number.POSITIVE_INFINITY };
    const child = new MemoryRedis(this.#hub, patient, false);
    this.#children.add(child);
    return {
      send: (command, options) => child.send(command, options),
      close: async () => {
        this.#children.delete(child);
        await child.close({ timeoutMs: 0 });
      },
    };
  }

  watch(watcher: ConnectionWatcher): () => void {
    const own = { ...watcher };
    this.#watchers.add(own);
    return () => void this.#watchers.delete(own);
  }

  gauges(): RedisGauges {
    return {
      pendingCount: this.#pending.size + this.#inFlightCount,
      queuedCount: 0,
      commandCount: this.#commandCount,
      errorCount: this.#errorCount,
      timeoutCount: this.#timeoutCount,
      reconnectCount: this.#reconnectCount,
    };
  }

  async close({ timeoutMs = CLOSE_TIMEOUT_MS }: { timeoutMs?: number } = {}): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.all([...this.#children].map((child) => child.close({ timeoutMs: 0 })));
    const deadlineMs = this.#hub.clock.now() + timeoutMs;
    while (this.#pending.size > 0 && this.#hub.clock.now() < deadlineMs) await setImmediate();
    for (const fail of this.#pending)
      fail(new RedisUnavailableError("a command", "the connection was closed"));
    this.#watchers.clear();
    this.#hub.connections.delete(this);
  }

  onCut(): void {
    for (const fail of this.#pending)
      fail(new RedisUnavailableError("a command", "the connection was cut"));
    for (const child of this.#children) child.onCut();
    for (const watcher of this.#watchers) watcher.onDown?.();
  }

  onRestored(): void {
    this.#reconnectCount += 1;
    for (const child of this.#children) child.onRestored();
    for (const watcher of this.#watchers) watcher.onReady?.();
  }

  onFailover(): void {
    for (const watcher of this.#watchers) watcher.onFailover?.();
  }

  #whyDown(): string {
    return this.#isClosed ? "the connection is closed" : "the server is cut off";
  }

  #refuse(error: unknown): Promise<never> {
    this.#errorCount += 1;
    return Promise.reject(error);
  }

  #block(command: readonly string[], asBuffers: boolean): Blocked {
    return blockedFor(this.#hub, command, (reply) => {
      if (isError(reply)) throw replyError(command[0] ?? "", reply.err);
      return replyOf(reply, asBuffers);
    });
  }

  /** A command that does not answer at once: bounded, and ended by its signal, by a cut and by closing. */
  #pend(
    name: string,
    { signal, timeoutMs = this.#timeoutMs }: CommandOptions,
    begin: () => Blocked,
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#pending.delete(fail);
        cancelTimer?.();
        stop();
        signal?.removeEventListener("abort", abort);
      };
      const fail = (error: unknown): void => {
        if (!this.#pending.has(fail)) return;
        end();
        this.#errorCount += 1;
        reject(error);
      };
      const abort = (): void => fail(signal?.reason);
      this.#pending.add(fail);
      const { reply, stop } = begin();
      const cancelTimer = Number.isFinite(timeoutMs)
        ? this.#hub.clock.after(timeoutMs, () => {
            this.#timeoutCount += 1;
            fail(new RedisTimeoutError(name, timeoutMs));
          })
        : undefined;
      signal?.addEventListener("abort", abort, { once: true });
      const succeed = (value: Reply): void => {
        if (!this.#pending.has(fail)) return;
        end();
        resolve(value);
      };
      reply.then(succeed, fail);
    });
  }
}

function settled(name: string, reply: ServerReply, asBuffers: boolean): Blocked {
  const given = isError(reply)
    ? Promise.reject(replyError(name, reply.err))
    : Promise.resolve(replyOf(reply, asBuffers));
  return { reply: given, stop: () => {} };
}

function replyError(name: string, text: string): RedisReplyError {
  return new RedisReplyError(name, withoutEcho(toText(text)));
}
