import { InvalidArgumentError } from "@upshift/foundation";
import type { CommandOptions, Key, Reply } from "../redis.ts";
import {
  RedisConnectionLostError,
  RedisReplyError,
  RedisTimeoutError,
  RedisUnavailableError,
} from "../redis-errors.ts";
import type { Script } from "../script.ts";
import { Call, type Pin } from "./call.ts";
import { faultOf } from "./command-fault.ts";
import type { ConnectSettings } from "./connect-settings.ts";
import { Deadlines } from "./deadlines.ts";
import { withoutEcho } from "./failure-reason.ts";
import type { Command, Link } from "./link.ts";
import type { Route } from "./route.ts";
import { ScriptLoads } from "./script-loads.ts";

/** Each time the node had refused, so a command that keeps coming back is a cluster that contradicts itself. */
const MOST_REPEATS = 16;
/** After a reply such as TRYAGAIN nothing tells when it is worth trying. */
const NUDGE_MS = 50;

/** Calls on their way: sent through the link that the route names, waiting while there is none, repeated only when a node says that it did not run them. */
export class Dispatcher {
  readonly #route: Route;
  readonly #settings: ConnectSettings;
  readonly #deadlines: Deadlines;
  readonly #loads = new ScriptLoads();
  readonly #waiting = new Set<Call>();
  #openCount = 0;
  #commandCount = 0;
  #errorCount = 0;
  #timeoutCount = 0;
  #isClosing = false;
  #onIdle: (() => void) | undefined;
  #cancelNudge: (() => void) | undefined;

  constructor(route: Route, settings: ConnectSettings) {
    this.#route = route;
    this.#settings = settings;
    this.#deadlines = new Deadlines(settings.clock, (call) => this.#expire(call));
  }

  get counts(): DispatcherCounts {
    return {
      pendingCount: this.#openCount - this.#waiting.size,
      queuedCount: this.#waiting.size,
      commandCount: this.#commandCount,
      errorCount: this.#errorCount,
      timeoutCount: this.#timeoutCount,
    };
  }

  /** @param key - where `options` name none */
  send(
    command: Command,
    key: Key | null,
    options: CommandOptions | undefined,
    script?: Script,
    pin?: Pin,
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const { timeoutMs } = this.#settings;
      if (options === undefined) {
        const call = new Call(command, key, false, timeoutMs, resolve, reject);
        call.script = script;
        call.pin = pin;
        this.#begin(call, undefined);
        return;
      }
      const call = new Call(
        command,
        options.key === undefined ? key : options.key,
        options.asBuffers === true,
        options.timeoutMs ?? timeoutMs,
        resolve,
        reject,
      );
      call.script = script;
      call.pin = pin;
      this.#begin(call, options.signal);
    });
  }

  /** Sends what waits and can go now. */
  drain(): void {
    const nowMs = this.#waiting.size === 0 ? 0 : this.#settings.clock.now();
    for (const call of this.#waiting) {
      const link = this.#linkOf(call);
      if (link === undefined) continue;
      this.#waiting.delete(call);
      call.waitUntilMs = undefined;
      this.#deadlines.remove(call);
      this.#deadlines.add(call, Math.max(0, (call.deadlineMs ?? nowMs) - nowMs));
      this.#transmit(call, link);
    }
  }

  /** Takes no more. */
  stopTaking(): void {
    this.#isClosing = true;
  }

  /** Resolves when nothing is on its way, or after `timeoutMs`. */
  idle(timeoutMs: number): Promise<void> {
    if (this.#openCount === 0 || timeoutMs === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancelTimer = this.#settings.clock.after(timeoutMs, resolve);
      this.#onIdle = () => {
        cancelTimer();
        resolve();
      };
    });
  }

  /** Gives up what waits. */
  failWaiting(): void {
    this.#cancelNudge?.();
    this.#cancelNudge = undefined;
    for (const call of this.#waiting)
      this.#fail(call, new RedisUnavailableError(call.name, "the connection was closed"));
  }

  /** Gives up what is still on its way, through a client that is not ours to close, and ends the timer. */
  stop(): void {
    for (const call of this.#deadlines.stop())
      this.#fail(call, new RedisConnectionLostError(call.name, "the connection was closed"));
  }

  #begin(call: Call, signal: AbortSignal | undefined): void {
    const fault = faultOf(call.command);
    if (fault !== undefined) {
      call.reject(fault);
      return;
    }
    if (!(call.timeoutMs >= 0)) {
      call.reject(new InvalidArgumentError("`timeoutMs` >= 0", call.timeoutMs));
      return;
    }
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
      (reply) => this.#answered(call, link, reply),
      (error: unknown) => this.#failed(call, link, error),
    );
  }

  #answered(call: Call, link: Link, reply: Reply): void {
    link.replyCount += 1;
    if (call.isSettled) return;
    this.#settle(call);
    call.resolve(link.shape === undefined ? reply : link.shape(call.name, reply));
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
    const mayRepeat = call.repeatCount < MOST_REPEATS;
    if (mayRepeat && call.script !== undefined && text.startsWith("NOSCRIPT")) {
      call.repeatCount += 1;
      call.link = undefined;
      this.#loadAndRepeat(call, link, call.script);
      return;
    }
    const next = this.#route.redirect(text, call);
    // What waits in between ends by its deadline; what does not might go to and fro for ever.
    const endsByItself = next === "later" && Number.isFinite(call.timeoutMs);
    if (next === undefined || !(mayRepeat || endsByItself)) {
      this.#fail(call, new RedisReplyError(call.name, withoutEcho(text)));
      return;
    }
    call.repeatCount += 1;
    call.link = undefined;
    call.refusal = text;
    const to = next === "now" ? this.#linkOf(call) : undefined;
    if (to === undefined) this.#wait(call);
    else this.#transmit(call, to);
    if (next === "later") this.#nudge();
  }

  #loadAndRepeat(call: Call, link: Link, script: Script): void {
    this.#loads.load(link, script).then(
      () => (call.isSettled ? undefined : this.#transmit(call, link)),
      (error: unknown) => (call.isSettled ? undefined : this.#failed(call, link, error)),
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
    if (this.#route.mustPoll) this.#nudge();
  }

  #nudge(): void {
    this.#cancelNudge ??= this.#settings.clock.after(NUDGE_MS, () => {
      this.#cancelNudge = undefined;
      this.drain();
      if (this.#route.mustPoll && this.#waiting.size > 0) this.#nudge();
    });
  }

  #expire(call: Call): void {
    const { link } = call;
    if (link === undefined) {
      const why = this.#whyDown(call);
      const reason =
        call.refusal === undefined
          ? `it waited for a connection in vain: ${why}`
          : `it was put off until its time was over: ${why}`;
      this.#fail(call, new RedisUnavailableError(call.name, reason));
      return;
    }
    this.#timeoutCount += 1;
    this.#fail(call, new RedisTimeoutError(call.name, call.timeoutMs));
    if (link.replyCount === call.replyCountBefore) this.#route.suspect(link);
  }

  #whyDown(call: Call): string {
    return call.refusal ?? call.pin?.lastFailure ?? this.#route.whyDown(call.key);
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
}

export interface DispatcherCounts {
  readonly pendingCount: number;
  readonly queuedCount: number;
  readonly commandCount: number;
  readonly errorCount: number;
  readonly timeoutCount: number;
}
