import { setImmediate } from "node:timers/promises";
import type {
  Argument,
  CommandOptions,
  CommandTarget,
  ConnectionWatcher,
  DedicatedConnection,
  Key,
  Redis,
  RedisGauges,
  Reply,
  Subscriber,
  Subscription,
  WaitOptions,
} from "../redis.ts";
import { RedisUnavailableError } from "../redis-errors.ts";
import type { Script } from "../script.ts";
import { callBack } from "./call-back.ts";
import type { ConnectSettings } from "./connect-settings.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { Command } from "./link.ts";
import { openSubscription, type OwnSubscription } from "./own-subscription.ts";
import type { Route } from "./route.ts";
import { refusalOfShared } from "./shared-connection.ts";

const CLOSE_TIMEOUT_MS = 5_000;
/** For the clients to reject what was on its way when its socket closed. */
const REJECT_TIMEOUT_MS = 1_000;

/** The port over a route: one server or a cluster, with connections of our own or a client that was given. */
export class RoutedRedis implements Redis, DedicatedConnection {
  readonly #route: Route;
  readonly #settings: ConnectSettings;
  readonly #isShared: boolean;
  readonly #dedicated: () => RoutedRedis;
  readonly #dispatcher: Dispatcher;
  readonly #watchers = new Set<ConnectionWatcher>();
  readonly #children = new Set<OwnSubscription | RoutedRedis>();
  #isClosing = false;
  #closed: Promise<void> | undefined;

  /**
   * @param dedicated - makes one like this for commands that block
   * @param isShared - it serves many callers at once, so no command may change or hold up its connections
   */
  constructor(
    route: Route,
    settings: ConnectSettings,
    dedicated: () => RoutedRedis,
    isShared: boolean,
  ) {
    this.#isShared = isShared;
    this.#route = route;
    this.#settings = settings;
    this.#dedicated = dedicated;
    this.#dispatcher = new Dispatcher(route, settings);
    route.start({
      onChange: () => this.#dispatcher.drain(),
      onDown: () => this.#tell("onDown"),
      onReady: () => this.#tell("onReady"),
      onFailover: () => this.#tell("onFailover"),
    });
  }

  get kind(): "single" | "cluster" {
    return this.#route.kind;
  }

  get isReady(): boolean {
    return !this.#isClosing && this.#route.isReady;
  }

  send(command: Command, options?: CommandOptions): Promise<Reply> {
    const refusal = this.#isShared ? refusalOfShared(command) : undefined;
    if (refusal !== undefined) return Promise.reject(refusal);
    return this.#dispatcher.send(command, firstKey(command), options);
  }

  run(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
    options?: CommandOptions,
  ): Promise<Reply> {
    const command: Command = ["EVALSHA", script.sha, keys.length, ...keys, ...args];
    return this.#dispatcher.send(command, keys[0] ?? null, options, script);
  }

  async masters(): Promise<readonly CommandTarget[]> {
    if (!this.#route.isReady) await this.ready();
    return this.#route.masters().map((pin) => ({
      send: (command, options) => this.#dispatcher.send(command, null, options, undefined, pin),
    }));
  }

  ready({ signal, timeoutMs = this.#settings.connectTimeoutMs }: WaitOptions = {}): Promise<void> {
    if (this.isReady) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (this.#isClosing) throw new RedisUnavailableError("PING", "the connection is closed");
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
      const cancelTimer = this.#settings.clock.after(timeoutMs, () => {
        end();
        const why = this.#route.whyDown(null);
        reject(new RedisUnavailableError("PING", `not ready after ${timeoutMs} ms: ${why}`));
      });
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  async subscribe(subscriber: Subscriber, options: WaitOptions = {}): Promise<Subscription> {
    if (this.#isClosing) throw new RedisUnavailableError("SUBSCRIBE", "the connection is closed");
    const subscription = openSubscription(this.#route, this.#settings, subscriber, () =>
      this.#children.delete(subscription),
    );
    this.#children.add(subscription);
    await subscription.confirmed(options);
    return subscription;
  }

  async dedicate(): Promise<DedicatedConnection> {
    if (this.#isClosing) throw new RedisUnavailableError("PING", "the connection is closed");
    const child = this.#dedicated();
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
    // A copy, so that one watcher given twice is two.
    const own = { ...watcher };
    this.#watchers.add(own);
    return () => void this.#watchers.delete(own);
  }

  gauges(): RedisGauges {
    return { ...this.#dispatcher.counts, reconnectCount: this.#route.reconnectCount };
  }

  close({ timeoutMs = CLOSE_TIMEOUT_MS }: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(timeoutMs);
    return this.#closed;
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#isClosing = true;
    this.#dispatcher.stopTaking();
    const children = [...this.#children].map((child) => child.close({ timeoutMs: 0 }));
    await this.#dispatcher.idle(timeoutMs);
    this.#dispatcher.failWaiting();
    this.#route.close();
    // The clients reject what was on its way as their sockets close.
    await this.#dispatcher.idle(REJECT_TIMEOUT_MS);
    this.#dispatcher.stop();
    this.#watchers.clear();
    await Promise.all(children);
    // Sockets are gone at the end of the turn in which they were destroyed.
    await setImmediate();
    await setImmediate();
  }

  #tell(event: keyof ConnectionWatcher): void {
    for (const watcher of this.#watchers) callBack(() => watcher[event]?.());
  }
}

/** The command's first argument, which decides the node where nothing else is said. */
function firstKey(command: Command): Key | null {
  const key = command[1];
  if (typeof key === "number") return String(key);
  return key ?? null;
}
