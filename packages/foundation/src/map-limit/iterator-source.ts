import { isThenable } from "./is-thenable.ts";
import type { ItemSource } from "./item-source.ts";
import { ENDED, LATER } from "./pulled.ts";

type Step<Item> = IteratorResult<Item, unknown>;

/** Anything that can be iterated, synchronously or not. */
export class IteratorSource<Item> implements ItemSource<Item> {
  readonly #iterator: Iterator<Item> | AsyncIterator<Item>;
  #isInNext = false;
  #answer: Promise<Step<Item>> | undefined;
  #isExhausted = false;
  #isLeft = false;

  constructor(source: Iterable<Item> | AsyncIterable<Item>) {
    // The asynchronous one where there are both, as `for await` does.
    this.#iterator = isAsyncIterable(source)
      ? source[Symbol.asyncIterator]()
      : source[Symbol.iterator]();
  }

  get isPulling(): boolean {
    return this.#answer !== undefined;
  }

  get isExhausted(): boolean {
    return this.#isExhausted;
  }

  pull(): Item | typeof ENDED | typeof LATER {
    const step = this.#next();
    const isLater = isThenable(step);
    if (isLater) this.#answer = Promise.resolve(step);
    // Left from within its own `next()`.
    if (this.#isLeft) void this.#return();
    return isLater ? LATER : this.#read(step);
  }

  whenAnswered(
    onPulled: (pulled: Item | typeof ENDED) => void,
    onError: (error: unknown) => void,
  ): void {
    this.#answer?.then(
      (step) => this.#answered(step, onPulled, onError),
      (error: unknown) => this.#refused(error, onError),
    );
  }

  leave(): Promise<unknown> | undefined {
    if (this.#isExhausted) return undefined;
    this.#isExhausted = true;
    this.#isLeft = true;
    // A generator that is running refuses to return.
    if (this.#isInNext) return undefined;
    const returned = this.#return();
    return this.isPulling ? undefined : returned;
  }

  #next(): Step<Item> | PromiseLike<Step<Item>> {
    this.#isInNext = true;
    try {
      return this.#iterator.next();
    } catch (error) {
      this.#isExhausted = true;
      throw error;
    } finally {
      this.#isInNext = false;
    }
  }

  /** @throws {TypeError} for an answer that is no object; nothing can come after it */
  #read(step: Step<Item>): Item | typeof ENDED {
    try {
      if (step.done !== true) return step.value;
    } catch (error) {
      this.#isExhausted = true;
      throw error;
    }
    this.#isExhausted = true;
    return ENDED;
  }

  #answered(
    step: Step<Item>,
    onPulled: (pulled: Item | typeof ENDED) => void,
    onError: (error: unknown) => void,
  ): void {
    this.#answer = undefined;
    let pulled: Item | typeof ENDED;
    try {
      pulled = this.#read(step);
    } catch (error) {
      onError(error);
      return;
    }
    onPulled(pulled);
  }

  #refused(error: unknown, onError: (error: unknown) => void): void {
    this.#answer = undefined;
    this.#isExhausted = true;
    onError(error);
  }

  #return(): Promise<unknown> | undefined {
    try {
      const returned: unknown = this.#iterator.return?.();
      return isThenable(returned) ? Promise.resolve(returned).catch(() => undefined) : undefined;
    } catch {
      return undefined;
    }
  }
}

function isAsyncIterable<Item>(
  source: Iterable<Item> | AsyncIterable<Item>,
): source is AsyncIterable<Item> {
  return typeof source === "object" && Symbol.asyncIterator in source;
}
