import type { TaskContext } from "./derived-signal.ts";
import { LimitedRun, type LimitedRunHandlers } from "./limited-run.ts";
import type { Items, ItemTask } from "./map-limit-options.ts";
import type { MapLimitStream, MapLimitStreamOptions } from "./map-limit-stream.ts";

export interface StreamPlan<Item, Result> {
  readonly source: Items<Item>;
  readonly concurrency: number;
  readonly maxAhead: number;
  readonly task: ItemTask<Item, Result>;
  readonly options: MapLimitStreamOptions;
}

/** A `next()` or `return()` that has not been answered. */
interface Taker {
  readonly resolve: (result: IteratorResult<unknown, undefined>) => void;
  readonly reject: (reason: unknown) => void;
}

/** One iteration: results wait in `#ready`, those who want them in `#takers`; never both. */
export class StreamCall<Item, Result>
  implements LimitedRunHandlers<Item, Result>, MapLimitStream<unknown>
{
  readonly #plan: StreamPlan<Item, Result>;
  readonly #isByInput: boolean;
  readonly #isCollecting: boolean;
  /** By the place at which they are taken. */
  readonly #ready = new Map<number, unknown>();
  readonly #takers: Taker[] = [];
  #run: LimitedRun<Item, Result> | undefined;
  #doneCount = 0;
  #takenCount = 0;
  #isLeft = false;
  #ending: { readonly failure?: { readonly reason: unknown } } | undefined;

  constructor(plan: StreamPlan<Item, Result>) {
    this.#plan = plan;
    this.#isByInput = plan.options.order !== "completion";
    this.#isCollecting = plan.options.onError === "collect";
  }

  get runningCount(): number {
    return this.#run?.runningCount ?? 0;
  }

  get readyCount(): number {
    return this.#ready.size;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    return new Promise((resolve, reject) => {
      this.#takers.push({ resolve, reject });
      if (this.#run === undefined && this.#ending === undefined) this.#start();
      this.#deliver();
    });
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    return new Promise((resolve, reject) => {
      this.#takers.push({ resolve, reject });
      this.#isLeft = true;
      this.#ready.clear();
      if (this.#run === undefined || this.#ending !== undefined) this.#ending = {};
      else this.#run.stop(new DOMException("The results are no longer taken", "AbortError"));
      this.#deliver();
    });
  }

  run(item: Item, index: number, context: TaskContext): Result | PromiseLike<Result> {
    return this.#plan.task(item, index, context);
  }

  onValue(value: Result, index: number): void {
    this.#keep(this.#isCollecting ? { ok: true, value, index } : value, index);
  }

  onError(error: unknown, index: number): void {
    if (this.#isCollecting) this.#keep({ ok: false, error, index }, index);
    else this.#run?.stop(error);
  }

  onEnd(): void {
    this.#ending = {};
    this.#deliver();
  }

  onStop(reason: unknown): void {
    // Who aborts wants an end now; after an error, what was ready before it can still be taken.
    if (this.#plan.options.signal?.aborted === true) this.#ready.clear();
    this.#ending = this.#isLeft ? {} : { failure: { reason } };
    this.#deliver();
  }

  hasRoom(): boolean {
    const startedCount = this.#run?.startedCount ?? 0;
    return startedCount - this.#takenCount < this.#plan.maxAhead;
  }

  #start(): void {
    const { source, concurrency, options } = this.#plan;
    const { signal, waitsForRunning } = options;
    this.#run = new LimitedRun({ concurrency, signal, waitsForRunning }, this);
    this.#run.start(source);
  }

  #keep(result: unknown, index: number): void {
    this.#ready.set(this.#isByInput ? index : this.#doneCount, result);
    this.#doneCount++;
    this.#deliver();
  }

  #deliver(): void {
    for (let taker = this.#takers[0]; taker !== undefined; taker = this.#takers[0]) {
      if (this.#ready.has(this.#takenCount)) {
        const value = this.#ready.get(this.#takenCount);
        this.#ready.delete(this.#takenCount);
        this.#takenCount++;
        taker.resolve({ done: false, value });
      } else if (this.#ending === undefined) {
        break;
      } else {
        this.#finish(taker, this.#ending.failure);
      }
      this.#takers.shift();
    }
    this.#run?.fill();
  }

  #finish(taker: Taker, failure: { readonly reason: unknown } | undefined): void {
    // Results behind one that failed are never taken.
    this.#ready.clear();
    this.#ending = {};
    if (failure === undefined) taker.resolve({ done: true, value: undefined });
    else taker.reject(failure.reason);
  }
}
