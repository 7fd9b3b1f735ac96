import type { TaskContext } from "./derived-signal.ts";
import { LimitedRun, type LimitedRunHandlers } from "./limited-run.ts";
import {
  assertMapLimitArguments,
  type Items,
  type ItemTask,
  type MapLimitOptions,
} from "./map-limit-options.ts";
import type { ItemOutcome } from "./outcome.ts";

/**
 * The results of work on every item, with at most `concurrency` items at work at a time.
 *
 * Nothing is pulled from the source before it can be worked on, so a cursor or a file is read at the pace of the work; the results are all kept: see
 * {@link mapLimitStream} for sources without end. The first items start before this returns. Ending early (an error, an abort) closes the source by its
 * `return()`, aborts the items at work, and leaves no listener on the caller's signal.
 *
 * @param concurrency - an integer of at least 1, or `Infinity`
 * @returns the results in the order of the items, one each
 * @throws {InvalidArgumentError} for what cannot be mapped
 * @throws what a task or the source throws first; `signal.reason` when aborted
 */
export function mapLimit<Item, Result>(
  source: Items<Item>,
  concurrency: number,
  task: ItemTask<Item, Result>,
  options: MapLimitOptions & { readonly onError: "collect" },
): Promise<ItemOutcome<Result>[]>;
export function mapLimit<Item, Result>(
  source: Items<Item>,
  concurrency: number,
  task: ItemTask<Item, Result>,
  options?: MapLimitOptions & { readonly onError?: "fail-fast" | undefined },
): Promise<Result[]>;
export function mapLimit<Item, Result>(
  source: Items<Item>,
  concurrency: number,
  task: ItemTask<Item, Result>,
  options: MapLimitOptions = {},
): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    assertMapLimitArguments(source, task, options);
    new MapLimitCall(task, options, { resolve, reject }).start(source, concurrency);
  });
}

interface Settlers {
  readonly resolve: (results: unknown[]) => void;
  readonly reject: (reason: unknown) => void;
}

class MapLimitCall<Item, Result> implements LimitedRunHandlers<Item, Result> {
  readonly #task: ItemTask<Item, Result>;
  readonly #options: MapLimitOptions;
  readonly #settlers: Settlers;
  readonly #isByInput: boolean;
  readonly #isCollecting: boolean;
  readonly #results: unknown[] = [];
  #run: LimitedRun<Item, Result> | undefined;
  #doneCount = 0;
  #failedCount = 0;

  constructor(task: ItemTask<Item, Result>, options: MapLimitOptions, settlers: Settlers) {
    this.#task = task;
    this.#options = options;
    this.#settlers = settlers;
    this.#isByInput = options.order !== "completion";
    this.#isCollecting = options.onError === "collect";
  }

  start(source: Items<Item>, concurrency: number): void {
    const { signal, waitsForRunning } = this.#options;
    this.#run = new LimitedRun({ concurrency, signal, waitsForRunning }, this);
    this.#run.start(source);
  }

  run(item: Item, index: number, context: TaskContext): Result | PromiseLike<Result> {
    // A place each, in order, so that the array never has far holes.
    if (this.#isByInput) this.#results.push(undefined);
    const returned = this.#task(item, index, context);
    if (this.#options.onProgress !== undefined) this.#reportProgress();
    return returned;
  }

  onValue(value: Result, index: number): void {
    this.#keep(this.#isCollecting ? { ok: true, value, index } : value, index);
  }

  onError(error: unknown, index: number): void {
    this.#failedCount++;
    if (this.#isCollecting) this.#keep({ ok: false, error, index }, index);
    else this.#run?.stop(error);
  }

  onEnd(): void {
    this.#settlers.resolve(this.#results);
  }

  onStop(reason: unknown): void {
    this.#settlers.reject(reason);
  }

  hasRoom(): boolean {
    return true;
  }

  #keep(result: unknown, index: number): void {
    this.#doneCount++;
    if (this.#isByInput) this.#results[index] = result;
    else this.#results.push(result);
    if (this.#options.onProgress !== undefined) this.#reportProgress();
  }

  #reportProgress(): void {
    try {
      this.#options.onProgress?.({
        runningCount: this.#run?.runningCount ?? 0,
        doneCount: this.#doneCount,
        failedCount: this.#failedCount,
      });
    } catch (error) {
      this.#run?.stop(error);
    }
  }
}
