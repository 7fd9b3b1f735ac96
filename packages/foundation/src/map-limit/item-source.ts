import { isThenable } from "./is-thenable.ts";

/** What a pull gives: the next item, or the end. */
export type Pulled<Item> = IteratorResult<Item, unknown>;

/** Where items come from: one pull at a time, and closed once when it is left early. */
export class ItemSource<Item> {
  readonly #iterator: Iterator<Item> | AsyncIterator<Item>;
  #isInNext = false;
  #isPulling = false;
  #isExhausted = false;
  #isLeft = false;

  constructor(source: Iterable<Item> | AsyncIterable<Item>) {
    // The asynchronous one where there are both, as `for await` does.
    this.#iterator = isAsyncIterable(source)
      ? source[Symbol.asyncIterator]()
      : source[Symbol.iterator]();
  }

  /** A pull is on its way: the next one has to wait. */
  get isPulling(): boolean {
    return this.#isPulling;
  }

  /** Nothing more comes: it ended, failed or was left. */
  get isExhausted(): boolean {
    return this.#isExhausted;
  }

  /**
   * Asks for one item more.
   *
   * @param onPulled - called once: at once for a source that is not asynchronous, and with nothing in between once a pull is no longer on its way
   * @param onError - called instead with what the source throws
   */
  pull(onPulled: (pulled: Pulled<Item>) => void, onError: (error: unknown) => void): void {
    let pulled: Pulled<Item> | PromiseLike<Pulled<Item>>;
    this.#isInNext = true;
    try {
      pulled = this.#iterator.next();
    } catch (error) {
      this.#refused(error, onError);
      return;
    } finally {
      this.#isInNext = false;
    }
    if (isThenable(pulled)) {
      this.#isPulling = true;
      if (this.#isLeft) void this.#return();
      Promise.resolve(pulled).then(
        (later) => this.#answered(later, onPulled, onError),
        (error: unknown) => this.#refused(error, onError),
      );
      return;
    }
    if (this.#isLeft) void this.#return();
    this.#answered(pulled, onPulled, onError);
  }

  #answered(
    pulled: Pulled<Item>,
    onPulled: (pulled: Pulled<Item>) => void,
    onError: (error: unknown) => void,
  ): void {
    this.#isPulling = false;
    try {
      if (pulled.done === true) this.#isExhausted = true;
    } catch (error) {
      // An answer that is no object: unlike the item's own work this has nobody else to tell.
      this.#refused(error, onError);
      return;
    }
    onPulled(pulled);
  }

  #refused(error: unknown, onError: (error: unknown) => void): void {
    this.#isPulling = false;
    this.#isExhausted = true;
    onError(error);
  }

  /**
   * Leaves the source before its end. What its `return()` throws is dropped, as a `throw` out of a `for await` drops it.
   *
   * @returns done once it is closed; `undefined` when there is nothing to wait for. That a pull is still on its way is nothing to wait for either:
   * it may never answer, and a generator closes only after it
   */
  leave(): Promise<unknown> | undefined {
    if (this.#isExhausted) return undefined;
    this.#isExhausted = true;
    this.#isLeft = true;
    // A generator that is running refuses to return.
    if (this.#isInNext) return undefined;
    const returned = this.#return();
    return this.#isPulling ? undefined : returned;
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

/** True for what {@link ItemSource} can read. */
export function isItemSource(source: unknown): boolean {
  if (typeof source === "string") return true;
  return (
    typeof source === "object" &&
    source !== null &&
    (Symbol.asyncIterator in source || Symbol.iterator in source)
  );
}
