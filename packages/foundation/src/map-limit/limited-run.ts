import { InvalidArgumentError } from "../invalid-argument-error.ts";
import { DerivedSignal, SharedContext, type TaskContext } from "./derived-signal.ts";
import { isThenable } from "./is-thenable.ts";
import { type ItemSource, openSource } from "./item-source.ts";
import { ENDED, LATER } from "./pulled.ts";

/** What is done with the items of a {@link LimitedRun}, and told of it. None of these but `run` may throw. */
export interface LimitedRunHandlers<Item, Result> {
  run(item: Item, index: number, context: TaskContext): Result | PromiseLike<Result>;
  /** Not called any more once the run has stopped. */
  onValue(value: Result, index: number): void;
  /** An item failed: `stop` ends the run, anything else lets it go on. Not called any more once the run has stopped. */
  onError(error: unknown, index: number): void;
  /** The source is at its end and every item has been reported. */
  onEnd(): void;
  /** The run was stopped, by `stop`, by the caller's signal, or by an error of the source. */
  onStop(reason: unknown): void;
  /** Whether one more item may be started, beside the limit on those running. */
  hasRoom(): boolean;
}

export interface LimitedRunOptions {
  /** Items at work at a time: an integer of at least 1, or `Infinity`. */
  readonly concurrency: number;
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether a run that stops early waits for the items that are at work, once their signal has aborted, and for the source's `return()`. Default `false`: it
   * is over at once, and what they still do is ignored.
   */
  readonly waitsForRunning?: boolean | undefined;
}

/**
 * Takes items from a source and has at most `concurrency` of them at work: what `mapLimit`, `mapLimitStream`, `parallel` and `settle` have in common.
 *
 * An item is pulled only when it can be started, one pull at a time. Work that returns no promise is done in a loop, not on the stack.
 */
export class LimitedRun<Item, Result> {
  readonly #handlers: LimitedRunHandlers<Item, Result>;
  readonly #concurrency: number;
  readonly #waitsForRunning: boolean;
  readonly #outer: AbortSignal | undefined;
  readonly #derived: DerivedSignal;
  readonly #context: TaskContext;
  #source: ItemSource<Item> | undefined;
  #startedCount = 0;
  #runningCount = 0;
  #isOver = false;
  #isFilling = false;
  #isClosing = false;
  #stopped: { readonly reason: unknown } | undefined;

  /** @throws {InvalidArgumentError} for a concurrency that is none */
  constructor(options: LimitedRunOptions, handlers: LimitedRunHandlers<Item, Result>) {
    assertConcurrency(options.concurrency);
    this.#handlers = handlers;
    this.#concurrency = options.concurrency;
    this.#waitsForRunning = options.waitsForRunning ?? false;
    this.#outer = options.signal;
    this.#derived = new DerivedSignal(options.signal, (reason) => this.stop(reason));
    this.#context = new SharedContext(this.#derived);
  }

  /** Items started so far. */
  get startedCount(): number {
    return this.#startedCount;
  }

  /** Items at work. */
  get runningCount(): number {
    return this.#runningCount;
  }

  /** Starts the first items before it returns, unless the signal is aborted already. */
  start(source: Iterable<Item> | AsyncIterable<Item>): void {
    if (this.#outer?.aborted === true) {
      this.stop(this.#outer.reason);
      return;
    }
    try {
      this.#source = openSource(source);
    } catch (error) {
      this.stop(error);
      return;
    }
    this.fill();
  }

  /** Starts as many items as may be. Call it when `hasRoom` may have become true. */
  fill(): void {
    const source = this.#source;
    // Work and sources may call back into the run: the loop below goes on anyway.
    if (source === undefined || this.#isFilling) return;
    this.#isFilling = true;
    while (
      !this.#isOver &&
      !source.isPulling &&
      !source.isExhausted &&
      this.#runningCount < this.#concurrency &&
      this.#handlers.hasRoom()
    ) {
      this.#pull(source);
    }
    this.#isFilling = false;
    if (!this.#isOver && source.isExhausted && this.#runningCount === 0) {
      this.#isOver = true;
      this.#derived.release();
      this.#handlers.onEnd();
    }
  }

  /** Ends the run early: aborts the items at work, closes the source. The first call counts. */
  stop(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const closing = this.#source?.leave();
    this.#derived.abort(reason);
    if (!this.#waitsForRunning) {
      this.#handlers.onStop(reason);
      return;
    }
    this.#stopped = { reason };
    if (closing !== undefined) {
      this.#isClosing = true;
      void closing.then(() => this.#closed());
    }
    this.#reportDrained();
  }

  #pull(source: ItemSource<Item>): void {
    let pulled: Item | typeof ENDED | typeof LATER;
    try {
      pulled = source.pull();
    } catch (error) {
      this.stop(error);
      return;
    }
    if (pulled === LATER) {
      source.whenAnswered(
        (answer) => this.#take(answer),
        (error) => this.stop(error),
      );
    } else {
      this.#take(pulled);
    }
  }

  /** What arrives after the run has stopped is dropped. */
  #take(pulled: Item | typeof ENDED): void {
    if (pulled !== ENDED && !this.#isOver) this.#startItem(pulled);
    this.fill();
  }

  #startItem(item: Item): void {
    const index = this.#startedCount++;
    this.#runningCount++;
    try {
      const returned = this.#handlers.run(item, index, this.#context);
      if (!isThenable(returned)) {
        this.#succeeded(returned, index);
        return;
      }
      // `resolve` also calls the `then` of a library's own promise where the caller's AsyncLocalStorage is known; it may call back elsewhere.
      Promise.resolve(returned).then(
        (value) => this.#succeeded(value, index),
        (error: unknown) => this.#failed(error, index),
      );
    } catch (error) {
      this.#failed(error, index);
    }
  }

  #succeeded(value: Result, index: number): void {
    this.#runningCount--;
    if (this.#isOver) {
      this.#reportDrained();
      return;
    }
    this.#handlers.onValue(value, index);
    this.fill();
  }

  #failed(error: unknown, index: number): void {
    this.#runningCount--;
    if (this.#isOver) {
      this.#reportDrained();
      return;
    }
    this.#handlers.onError(error, index);
    this.fill();
  }

  #closed(): void {
    this.#isClosing = false;
    this.#reportDrained();
  }

  #reportDrained(): void {
    if (this.#stopped === undefined || this.#runningCount > 0 || this.#isClosing) return;
    const { reason } = this.#stopped;
    this.#stopped = undefined;
    this.#handlers.onStop(reason);
  }
}

/** @throws {InvalidArgumentError} */
export function assertConcurrency(concurrency: number): void {
  if (concurrency === Number.POSITIVE_INFINITY) return;
  if (!Number.isSafeInteger(concurrency) || concurrency < 1)
    throw new InvalidArgumentError("`concurrency` as an integer >= 1 or Infinity", concurrency);
}
