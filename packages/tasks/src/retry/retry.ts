import { DerivedSignal, InvalidArgumentError } from "@upshift/foundation";
import { DeadlineError } from "../parallel/deadline-error.ts";
import { longestWaitMs } from "./backoff.ts";
import { attachRetryInfo } from "./retry-info.ts";
import {
  type AttemptContext,
  readRetryOptions,
  type RetryOptions,
  type RetryPlan,
} from "./retry-options.ts";

/**
 * Tries work until it succeeds.
 *
 * Waits between attempts grow by a factor and are jittered in full (source: M. Brooker, Exponential Backoff and Jitter, AWS Architecture Blog, 2015). When no
 * attempt is left, the last error is thrown as it is; {@link retryInfo} tells how often it was tried. Only try again what may be done twice.
 *
 * @throws {InvalidArgumentError} for options that cannot work
 * @throws {DeadlineError} when an attempt was running at the deadline; its `cause` is the error before
 * @throws the last error; `signal.reason` when aborted
 */
export function retry<Value>(
  work: (context: AttemptContext) => Value | PromiseLike<Value>,
  options: RetryOptions = {},
): Promise<Value> {
  return new Promise((resolve, reject) => {
    if (typeof work !== "function")
      throw new InvalidArgumentError("`work` as a function that starts one attempt", typeof work);
    new RetryCall(work, readRetryOptions(options), { resolve, reject }).start();
  });
}

interface Settlers<Value> {
  readonly resolve: (value: Value) => void;
  readonly reject: (reason: unknown) => void;
}

class RetryCall<Value> {
  readonly #work: (context: AttemptContext) => Value | PromiseLike<Value>;
  readonly #plan: RetryPlan;
  readonly #settlers: Settlers<Value>;
  readonly #derived: DerivedSignal;
  #deadlineAtMs = Number.POSITIVE_INFINITY;
  #attempts = 0;
  #waitedMs = 0;
  #lastFailure: { readonly cause?: unknown } = {};
  #isOver = false;
  #cancelWait: (() => void) | undefined;
  #cancelDeadline: (() => void) | undefined;

  constructor(
    work: (context: AttemptContext) => Value | PromiseLike<Value>,
    plan: RetryPlan,
    settlers: Settlers<Value>,
  ) {
    this.#work = work;
    this.#plan = plan;
    this.#settlers = settlers;
    this.#derived = new DerivedSignal(plan.signal, (reason) => this.#callOff(reason));
  }

  start(): void {
    const { clock, deadlineMs, signal } = this.#plan;
    if (signal?.aborted === true) {
      this.#callOff(signal.reason);
      return;
    }
    if (deadlineMs !== undefined) {
      this.#deadlineAtMs = clock.now() + deadlineMs;
      this.#cancelDeadline = clock.after(deadlineMs, () => this.#callOffAtDeadline(deadlineMs));
    }
    this.#try();
  }

  #try(): void {
    this.#attempts++;
    try {
      const returned = this.#work(new Attempt(this.#derived, this.#attempts));
      Promise.resolve(returned).then(
        (value) => this.#succeeded(value),
        (error: unknown) => this.#failed(error),
      );
    } catch (error) {
      this.#failed(error);
    }
  }

  #succeeded(value: Value): void {
    if (this.#isOver) return;
    this.#end();
    this.#settlers.resolve(value);
  }

  #failed(error: unknown): void {
    if (this.#isOver) return;
    this.#lastFailure = { cause: error };
    try {
      const delayMs = this.#delayAfter(error);
      if (delayMs === undefined) {
        attachRetryInfo(error, { attempts: this.#attempts, waitedMs: this.#waitedMs });
        throw error;
      }
      this.#plan.onRetry?.({ error, attempt: this.#attempts, delayMs });
      this.#wait(delayMs);
    } catch (thrown) {
      this.#end();
      this.#settlers.reject(thrown);
    }
  }

  /** @returns `undefined` when there is no further attempt */
  #delayAfter(error: unknown): number | undefined {
    const { attempts, backoff, clock, isJittered, maxRetryAfterMs, random, retryable } = this.#plan;
    if (this.#attempts >= attempts || !retryable(error, this.#attempts)) return undefined;
    const hintMs = readHintMs(error);
    if (hintMs > maxRetryAfterMs) return undefined;
    const longestMs = longestWaitMs(backoff, this.#attempts);
    // On top of the hint: those that were told the same would come back together.
    const delayMs = hintMs + Math.round(isJittered ? random() * longestMs : longestMs);
    return clock.now() + delayMs < this.#deadlineAtMs ? delayMs : undefined;
  }

  #wait(delayMs: number): void {
    // `onRetry` may have aborted the call.
    if (this.#isOver) return;
    this.#waitedMs += delayMs;
    this.#cancelWait = this.#plan.clock.after(delayMs, () => this.#try());
  }

  #callOffAtDeadline(deadlineMs: number): void {
    const unfinished = { running: [`attempt ${this.#attempts}`], waiting: [] };
    this.#callOff(new DeadlineError(deadlineMs, unfinished, this.#lastFailure));
  }

  #callOff(reason: unknown): void {
    if (this.#isOver) return;
    this.#end();
    this.#derived.abort(reason);
    this.#settlers.reject(reason);
  }

  #end(): void {
    this.#isOver = true;
    this.#derived.release();
    this.#cancelWait?.();
    this.#cancelDeadline?.();
  }
}

class Attempt implements AttemptContext {
  readonly attempt: number;
  readonly #derived: DerivedSignal;

  constructor(derived: DerivedSignal, attempt: number) {
    this.#derived = derived;
    this.attempt = attempt;
  }

  get signal(): AbortSignal {
    return this.#derived.signal;
  }
}

/** @returns ms to wait at least, as the error asks for; 0 when it asks for nothing */
function readHintMs(error: unknown): number {
  if (typeof error !== "object" || error === null || !("retryAfterMs" in error)) return 0;
  const { retryAfterMs } = error;
  return typeof retryAfterMs === "number" && retryAfterMs > 0 ? retryAfterMs : 0;
}
