import { type Duration, toMs } from "@upshift/foundation";
import { QueueTimeoutError } from "./queue-errors.ts";

/** How long a call may take, and what ends it. */
export interface QueueCallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Default: the `addTimeout` of `defineJobs`. */
  readonly timeout?: Duration;
}

/**
 * Waits for what BullMQ promises, but not as long as it does: its clients wait for a backend that is away until it is back.
 *
 * @param failure - made when the time is over
 * @throws `signal.reason` when aborted
 */
export function bounded<T>(
  promise: Promise<T>,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  failure: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal?.reason);
    const timer = setTimeout(() => reject(failure()), Math.min(timeoutMs, LONGEST_TIMER_MS));
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, { once: true });
    promise
      .finally(() => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
      })
      .then(resolve, reject);
  });
}

/** Beyond this Node fires after 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Makes a call to the backend that ends. */
export type QueueCall = <T>(
  what: string,
  run: () => Promise<T>,
  options?: QueueCallOptions,
) => Promise<T>;

/** @throws {QueueTimeoutError} by its calls, when the backend does not answer in time */
export function createQueueCall(queue: string, defaultTimeoutMs: number): QueueCall {
  return async (what, run, options = {}) => {
    options.signal?.throwIfAborted();
    const timeoutMs =
      options.timeout === undefined ? defaultTimeoutMs : toMs(options.timeout, "timeout");
    return bounded(
      run(),
      timeoutMs,
      options.signal,
      () => new QueueTimeoutError(queue, what, timeoutMs),
    );
  };
}

/** @returns whether it ended in time; failures pass through */
export async function isOverWithin(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
