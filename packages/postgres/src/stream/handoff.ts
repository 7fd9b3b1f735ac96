/**
 * Hands items from one producer to one consumer, one at a time: the producer makes the next item while the consumer works on the last one, and no more.
 */
export class Handoff<T> {
  #item: { readonly value: T } | undefined;
  #ending: { readonly error: unknown } | "end" | undefined;
  #isClosed = false;
  #wake: (() => void)[] = [];

  /** Waits until the consumer is without an item. @returns false when it wants no more */
  async wanted(): Promise<boolean> {
    while (this.#item !== undefined && !this.#isClosed) await this.#change();
    return !this.#isClosed;
  }

  put(value: T): void {
    this.#item = { value };
    this.#notify();
  }

  /** No more items come. */
  end(): void {
    this.#ending ??= "end";
    this.#notify();
  }

  fail(error: unknown): void {
    this.#ending ??= { error };
    this.#notify();
  }

  /**
   * @returns `undefined` after the last item
   * @throws what the producer failed with, after the items before it
   */
  async take(): Promise<T | undefined> {
    while (this.#item === undefined && this.#ending === undefined) await this.#change();
    const item = this.#item;
    if (item !== undefined) {
      this.#item = undefined;
      this.#notify();
      return item.value;
    }
    if (this.#ending === "end" || this.#ending === undefined) return undefined;
    throw this.#ending.error;
  }

  /** The consumer wants no more. */
  close(): void {
    this.#isClosed = true;
    this.#item = undefined;
    this.#notify();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}
