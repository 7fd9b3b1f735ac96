import { type Deferred, deferred } from "./deferred.ts";

/** How a source answers. `"later"` ones answer when the test says so. */
export type SourceKind = "at once" | "later";

/** Gives the items 0 to `count - 1`, then ends or, at `throwsAt`, throws. Counts what is asked of it. */
export class SimulatedSource {
  pullCount = 0;
  returnCount = 0;
  readonly pending: Deferred<IteratorResult<number, undefined>>[] = [];
  readonly #count: number;
  readonly #throwsAt: number | undefined;
  #next = 0;

  constructor(count: number, throwsAt: number | undefined) {
    this.#count = count;
    this.#throwsAt = throwsAt;
  }

  items(kind: SourceKind): Iterable<number> | AsyncIterable<number> {
    const close = (): IteratorResult<number, undefined> => {
      this.returnCount++;
      return { done: true, value: undefined };
    };
    if (kind === "at once") {
      const next = (): IteratorResult<number, undefined> => {
        this.pullCount++;
        return this.#answer();
      };
      return { [Symbol.iterator]: () => ({ next, return: close }) };
    }
    const next = (): Promise<IteratorResult<number, undefined>> => {
      this.pullCount++;
      const answer = deferred<IteratorResult<number, undefined>>();
      this.pending.push(answer);
      return answer.promise;
    };
    return { [Symbol.asyncIterator]: () => ({ next, return: async () => close() }) };
  }

  /** Lets the oldest pull that waits be answered. */
  answer(): void {
    const answer = this.pending.shift();
    if (answer === undefined) return;
    try {
      answer.resolve(this.#answer());
    } catch (error) {
      answer.reject(error);
    }
  }

  #answer(): IteratorResult<number, undefined> {
    if (this.#next === this.#throwsAt) throw new Error(`source at ${this.#next}`);
    if (this.#next >= this.#count) return { done: true, value: undefined };
    return { done: false, value: this.#next++ };
  }
}
