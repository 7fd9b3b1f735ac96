import {
  assertFunctions,
  assertTimerClock,
  type Duration,
  hasErrorCode,
  InvalidArgumentError,
  refuseUnknown,
  systemClock,
  type TaskContext,
  type TimerClock,
  toMs,
} from "@upshift/foundation";
import { type Backoff, type BackoffOptions, readBackoff } from "./backoff.ts";

export interface RetryOptions {
  /** Attempts at most, the first included: an integer of at least 1, or `Infinity`; default 3. */
  readonly attempts?: number | undefined;
  readonly backoff?: BackoffOptions | undefined;
  /** `"full"` (default): each wait is drawn from 0 to the longest, so that callers that failed together do not come back together. `"none"`: always the longest. */
  readonly jitter?: "full" | "none" | undefined;
  /** Whether to try again after this error; default: all but `UPSHIFT_INVALID_ARGUMENT`. What it throws ends the call. */
  readonly retryable?: ((error: unknown, attempt: number) => boolean) | undefined;
  /**
   * The longest hint to heed: an error that carries `retryAfterMs` (a number, as of an HTTP `Retry-After`) is retried no earlier, and one that asks for a longer
   * wait than this is not retried. Default 1 minute.
   */
  readonly maxRetryAfter?: Duration | undefined;
  /** Ends the call with `signal.reason`, at any point. */
  readonly signal?: AbortSignal | undefined;
  /** From the call on, over all attempts: an attempt that is running then is aborted; a wait that would reach beyond it is not begun. */
  readonly deadline?: Duration | undefined;
  /** Told before each wait. What it throws ends the call. */
  readonly onRetry?: ((retry: UpcomingRetry) => void) | undefined;
  readonly clock?: TimerClock | undefined;
  /** From 0 up to, not including, 1; default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

export interface UpcomingRetry {
  readonly error: unknown;
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** Until the next attempt. */
  readonly delayMs: number;
}

/** What an attempt is given. */
export interface AttemptContext extends TaskContext {
  /** From 1. */
  readonly attempt: number;
}

/** Options, read. */
export interface RetryPlan {
  readonly attempts: number;
  readonly backoff: Backoff;
  readonly isJittered: boolean;
  readonly retryable: (error: unknown, attempt: number) => boolean;
  readonly maxRetryAfterMs: number;
  readonly signal: AbortSignal | undefined;
  readonly deadlineMs: number | undefined;
  readonly onRetry: ((retry: UpcomingRetry) => void) | undefined;
  readonly clock: TimerClock;
  readonly random: () => number;
}

const OPTIONS: ReadonlySet<keyof RetryOptions> = new Set([
  "attempts",
  "backoff",
  "jitter",
  "retryable",
  "maxRetryAfter",
  "signal",
  "deadline",
  "onRetry",
  "clock",
  "random",
]);

/** @throws {InvalidArgumentError} */
export function readRetryOptions(options: RetryOptions): RetryPlan {
  refuseUnknown("retry", options, OPTIONS);
  const { retryable, onRetry, random, clock } = options;
  assertFunctions({ retryable, onRetry, random });
  if (clock !== undefined) assertTimerClock(clock);
  const { attempts = 3, jitter = "full", maxRetryAfter = 60_000, deadline } = options;
  if (attempts !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(attempts) && attempts >= 1))
    throw new InvalidArgumentError("`attempts` as an integer >= 1 or Infinity", attempts);
  if (jitter !== "full" && jitter !== "none")
    throw new InvalidArgumentError('`jitter` as "full" or "none"', jitter);
  return {
    attempts,
    backoff: readBackoff(options.backoff ?? {}),
    isJittered: jitter === "full",
    retryable: options.retryable ?? isWorthRetrying,
    maxRetryAfterMs: toMs(maxRetryAfter, "maxRetryAfter"),
    signal: options.signal,
    deadlineMs: deadline === undefined ? undefined : toMs(deadline, "deadline"),
    onRetry: options.onRetry,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  };
}

function isWorthRetrying(error: unknown): boolean {
  return !hasErrorCode(error, "UPSHIFT_INVALID_ARGUMENT");
}
