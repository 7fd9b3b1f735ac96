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
import {
  RedisConnectionLostError,
  RedisReplyError,
  RedisTimeoutError,
  RedisUnavailableError,
} from "../redis-errors.ts";
import type { Script } from "../script.ts";
import { Call, type Pin } from "./call.ts";
import type { ConnectSettings } from "./connect-settings.ts";
import { Deadlines } from "./deadlines.ts";
import { withoutEcho } from "./failure-reason.ts";
import type { Command, Link } from "./link.ts";
import { openSubscription, type OwnSubscription } from "./own-subscription.ts";
import type { Route } from "./route.ts";
import { ScriptLoads } from "./script-loads.ts";

const CLOSE_TIMEOUT_MS = 5_000;
/** Each time the node had refused, so a command that keeps coming back is a cluster that contradicts itself. */
const MOST_REPEATS = 16;
/** After a reply such as TRYAGAIN nothing tells when it is worth trying. */
const NUDGE_MS = 25;

/** The port over links: deadlines, waiting for a connection, redirects, scripts. */
export class RoutedRedis implements Redis, DedicatedConnection {
  readonly #route: Route;
  readonly #settings: ConnectSettings;
  readonly #dedicated: () => RoutedRedis;
  readonly #deadlines: Deadlines;
  readonly #loads = new ScriptLoads();
  readonly #waiting = new Set<Call>();
  readonly #watchers = new Set<ConnectionWatcher>();
  readonly #children = new Set<OwnSubscription | RoutedRedis>();
  #openCount = 0;
  #commandCount = 0;
  #errorCount = 0;
  #timeoutCount = 0;
  #isClosing = false;
  #closed: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;
  #cancelNudge: (() => void) | undefined;

  /** @param dedicated - makes another one like this for commands that block; not started */
  constructor(route: Route, settings: ConnectSettings, dedicated: () => RoutedRedis) {
    this.#route = route;
    this.#settings = settings;
    this.#dedicated = dedicated;
    this.#deadlines = new Deadlines(settings.clock, (call) => this.#expire(call));
    route.start({
      onChange: () => this.#drain(),
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
    return new Promise((resolve, reject) => {
      const call =
        options === undefined
          ? new Call(command, firstKey(command), false, this.#settings.timeoutMs, resolve, reject)
          : this.#callWith(command, firstKey(command), options, resolve, reject);
      this.#begin(call, options?.signal);
    });
  }

  run(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
    options: CommandOptions = {},
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const command: Command = ["EVALSHA", script.sha, keys.length, ...keys, ...args];
      const call = this.#callWith(command, keys[0] ?? null, options, resolve, reject);
      call.script = script;
      this.#begin(call, options.signal);
    });
  }

  async masters(): Promise<readonly CommandTarget[]> {
    if (!this.#route.isReady) await this.ready();
    return this.#route.masters().map((pin) => ({
      send: (command, options = {}) => this.#sendTo(pin, command, options),
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
    return {
      pendingCount: this.#openCount - this.#waiting.size,
      queuedCount: this.#waiting.size,
      commandCount: this.#commandCount,
      errorCount: this.#errorCount,
      timeoutCount: this.#timeoutCount,
      reconnectCount: this.#route.reconnectCount,
    };
  }

  close({ timeoutMs = CLOSE_TIMEOUT_MS }: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(timeoutMs);
    return this.#closed;
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#isClosing = true;
    const children = [...this.#children].map((child) => child.close({ timeoutMs: 0 }));
    await this.#idle(timeoutMs);
    this.#cancelNudge?.();
    for (const call of this.#waiting)
      this.#fail(call, new RedisUnavailableError(call.name, "the connection was closed"));
    this.#route.close();
    // The clients reject what was on its way as their sockets close.
    await this.#idle(CLOSE_TIMEOUT_MS);
    this.#deadlines.stop();
    this.#watchers.clear();
    await Promise.all(children);
  }

  #idle(timeoutMs: number): Promise<void> {
    if (this.#openCount === 0 || timeoutMs === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancelTimer = this.#settings.clock.after(timeoutMs, resolve);
      this.#onIdle = () => {
        cancelTimer();
        resolve();
      };
    });
  }

  #callWith(
    command: Command,
    key: string | null,
    options: CommandOptions,
    resolve: (reply: Reply) => void,
    reject: (error: unknown) => void,
  ): Call {
    const asBuffers = options.asBuffers === true;
    const timeoutMs = options.timeoutMs ?? this.#settings.timeoutMs;
    const chosen = options.key === undefined ? key : options.key;
    return new Call(command, chosen, asBuffers, timeoutMs, resolve, reject);
  }

  #sendTo(pin: Pin, command: Command, options: CommandOptions): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const call = this.#callWith(command, null, options, resolve, reject);
      call.pin = pin;
      this.#begin(call, options.signal);
    });
  }

  #begin(call: Call, signal: AbortSignal | undefined): void {
    if (this.#isClosing) {
      call.reject(new RedisUnavailableError(call.name, "the connection is closed"));
      return;
    }
    if (signal !== undefined) {
      if (signal.aborted) {
        call.reject(signal.reason);
        return;
      }
      const abort = (): void => this.#fail(call, signal.reason);
      signal.addEventListener("abort", abort, { once: true });
      call.stopListening = () => signal.removeEventListener("abort", abort);
    }
    this.#openCount += 1;
    this.#commandCount += 1;
    this.#deadlines.add(call, call.timeoutMs);
    const link = this.#linkOf(call);
    if (link === undefined) this.#wait(call);
    else this.#transmit(call, link);
  }

  #linkOf(call: Call): Link | undefined {
    return call.pin === undefined ? this.#route.link(call.key) : call.pin.link;
  }

  #transmit(call: Call, link: Link): void {
    call.link = link;
    call.replyCountBefore = link.replyCount;
    if (call.isAsking) {
      call.isAsking = false;
      call.pin = undefined;
      link.send(["ASKING"], false).catch(() => {});
    }
    link.send(call.command, call.asBuffers).then(
      (reply) => {
        link.replyCount += 1;
        if (call.isSettled) return;
        this.#settle(call);
        call.resolve(reply);
      },
      (error: unknown) => this.#failed(call, link, error),
    );
  }

  #failed(call: Call, link: Link, error: unknown): void {
    const failure = this.#route.driver.failure(error);
    if (failure.kind === "reply") link.replyCount += 1;
    if (call.isSettled) return;
    if (failure.kind === "lost") {
      this.#fail(call, new RedisConnectionLostError(call.name, failure.reason));
    } else if (failure.kind === "unsent") {
      call.link = undefined;
      this.#wait(call);
    } else this.#refused(call, link, failure.text);
  }

  /** The server answered with an error. */
  #refused(call: Call, link: Link, text: string): void {
    if (call.repeatCount < MOST_REPEATS) {
      if (call.script !== undefined && text.startsWith("NOSCRIPT")) {
        call.repeatCount += 1;
        call.link = undefined;
        this.#loadAndRepeat(call, link, call.script);
        return;
      }
      const next = this.#route.redirect(text, call);
      if (next !== undefined) {
        call.repeatCount += 1;
        call.link = undefined;
        const to = next === "now" ? this.#linkOf(call) : undefined;
        if (to === undefined) this.#wait(call);
        else this.#transmit(call, to);
        if (next === "later") this.#nudge();
        return;
      }
    }
    this.#fail(call, new RedisReplyError(call.name, withoutEcho(text)));
  }

  #loadAndRepeat(call: Call, link: Link, script: Script): void {
    this.#loads.load(link, script).then(
      () => {
        if (!call.isSettled) this.#transmit(call, link);
      },
      (error: unknown) => {
        if (!call.isSettled) this.#failed(call, link, error);
      },
    );
  }

  #wait(call: Call): void {
    const { clock, maxWaitingCount, maxWaitMs } = this.#settings;
    if (this.#waiting.size >= maxWaitingCount) {
      const why = this.#whyDown(call);
      const reason = `${this.#waiting.size} commands already wait for a connection: ${why}`;
      this.#fail(call, new RedisUnavailableError(call.name, reason));
      return;
    }
    const nowMs = clock.now();
    call.deadlineMs ??= nowMs + call.timeoutMs;
    call.waitUntilMs ??= Math.min(call.deadlineMs, nowMs + maxWaitMs);
    this.#waiting.add(call);
    this.#deadlines.remove(call);
    this.#deadlines.add(call, Math.max(0, call.waitUntilMs - nowMs));
  }

  /** Sends what can go now. */
  #drain(): void {
    const nowMs = this.#waiting.size === 0 ? 0 : this.#settings.clock.now();
    for (const call of [...this.#waiting]) {
      const link = this.#linkOf(call);
      if (link === undefined) continue;
      this.#waiting.delete(call);
      call.waitUntilMs = undefined;
      this.#deadlines.remove(call);
      this.#deadlines.add(call, Math.max(0, (call.deadlineMs ?? nowMs) - nowMs));
      this.#transmit(call, link);
    }
  }

  #nudge(): void {
    this.#cancelNudge ??= this.#settings.clock.after(NUDGE_MS, () => {
      this.#cancelNudge = undefined;
      this.#drain();
    });
  }

  #expire(call: Call): void {
    const { link } = call;
    if (link === undefined) {
      const reason = `no connection within the time it may wait: ${this.#whyDown(call)}`;
      this.#fail(call, new RedisUnavailableError(call.name, reason));
      return;
    }
    this.#timeoutCount += 1;
    this.#fail(call, new RedisTimeoutError(call.name, call.timeoutMs));
    if (link.replyCount === call.replyCountBefore) this.#route.suspect(link);
  }

  #whyDown(call: Call): string {
    return call.pin?.lastFailure ?? this.#route.whyDown(call.key);
  }

  #fail(call: Call, error: unknown): void {
    if (call.isSettled) return;
    this.#errorCount += 1;
    this.#settle(call);
    call.reject(error);
  }

  #settle(call: Call): void {
    call.isSettled = true;
    this.#deadlines.remove(call);
    if (call.stopListening !== undefined) call.stopListening();
    if (call.waitUntilMs !== undefined) this.#waiting.delete(call);
    this.#openCount -= 1;
    if (this.#openCount === 0 && this.#onIdle !== undefined) this.#onIdle();
  }

  #tell(event: keyof ConnectionWatcher): void {
    for (const watcher of [...this.#watchers]) watcher[event]?.();
  }
}

/** The command's first argument, which decides the node where nothing else is said. */
function firstKey(command: Command): string | null {
  const key = command[1];
  if (typeof key === "string") return key;
  return key === undefined ? null : String(key);
}
