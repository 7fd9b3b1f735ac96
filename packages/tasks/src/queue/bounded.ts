import { type Duration, systemClock, toMs } from "@upshift/foundation";
import type { Backlog } from "./backlog.ts";
import type { Wait, WaitTimer } from "./shared-timer.ts";
import { QueueTimeoutError } from "./queue-errors.ts";

/** How long a call may take, and what ends it. */
export interface QueueCallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Default: the `addTimeout` of `defineJobs`. */
  readonly timeout?: Duration;
}

/** What ends a wait. */
export interface WaitBound {
  readonly timer: WaitTimer;
  readonly signal?: AbortSignal | undefined;
  /** Made when the time is over. */
  readonly failure: () => Error;
  /** Counts what was not waited for to its end. */
  readonly backlog?: Backlog;
}

/**
 * Waits for what BullMQ promises, but not as long as it does: its clients wait for a backend that is away until it is back.
 *
 * @throws what `failure` makes; `signal.reason` when aborted
 */
export function bounded<T>(promise: Promise<T>, bound: WaitBound): Promise<T> {
  return new Promise((resolve, reject) => {
    new BoundedWait(promise, bound, resolve, reject).begin();
  });
}

/** One wait; an object with methods, as closures for each cost a queue that is busy more than the waiting. */
class BoundedWait<T> implements Wait {
  dueTick = 0;
  previous: Wait | undefined = undefined;
  next: Wait | undefined = undefined;
  readonly #promise: Promise<T>;
  readonly #bound: WaitBound;
  readonly #resolve: (value: T) => void;
  readonly #reject: (reason: unknown) => void;
  #abort: (() => void) | undefined;

  constructor(
    promise: Promise<T>,
    bound: WaitBound,
    resolve: (value: T) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#promise = promise;
    this.#bound = bound;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(): void {
    const { timer, signal } = this.#bound;
    timer.add(this);
    this.#promise.then(
      (value) => {
        this.#end();
        return this.#resolve(value);
      },
      (error) => {
        this.#end();
        return this.#reject(error);
      },
    );
    if (signal === undefined) return;
    this.#abort = () => this.#giveUp(signal.reason);
    if (signal.aborted) this.#abort();
    else signal.addEventListener("abort", this.#abort, { once: true });
  }

  expire(): void {
    this.#giveUp(this.#bound.failure());
  }

  #giveUp(reason: unknown): void {
    this.#end();
    this.#bound.backlog?.add(this.#promise);
    this.#reject(reason);
  }

  #end(): void {
    this.#bound.timer.remove(this);
    if (this.#abort !== undefined) this.#bound.signal?.removeEventListener("abort", this.#abort);
  }
}

/** A timer for one wait. */
export function timerOf(timeoutMs: number): WaitTimer {
  let cancel: (() => void) | undefined;
  return {
    add(wait) {
      cancel = systemClock.after(timeoutMs, () => wait.expire());
    },
    remove: () => cancel?.(),
  };
}

/** Makes a call to the backend that ends. */
export type QueueCall = <T>(
  what: string,
  run: () => Promise<T>,
  options?: QueueCallOptions,
) => Promise<T>;

/** @throws {QueueTimeoutError} by its calls, when the backend does not answer in time; {@link QueueBackedUpError} when it has not for long */
export function createQueueCall(
  queue: string,
  defaultTimeoutMs: number,
  backlog: Backlog,
): QueueCall {
  return async (what, run, { signal, timeout } = {}) => {
    signal?.throwIfAborted();
    const timeoutMs = timeout === undefined ? defaultTimeoutMs : toMs(timeout, "timeout");
    backlog.assertRoom();
    return bounded(run(), {
      timer: timerOf(timeoutMs),
      signal,
      failure: () => new QueueTimeoutError(queue, what, timeoutMs),
      backlog,
    });
  };
}

/** @returns whether it ended in time; failures pass through */
export async function isOverWithin(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let cancel: (() => void) | undefined;
  const late = new Promise<boolean>((resolve) => {
    cancel = systemClock.after(timeoutMs, () => resolve(false));
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    cancel?.();
  }
}
