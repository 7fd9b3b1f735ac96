import type { StreamDocument } from "./stream-format.ts";

/** Enough that a chunk's own costs do not count, and little enough that a slow reader takes it in time. */
const CHUNK_LENGTH = 32 * 1024;

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

/**
 * Values as chunks of a document. A chunk goes out when it is full, or as soon as the next value is not at hand; a source is at most one chunk ahead of what is taken. The first chunk
 * comes with the first value, so that a source that fails at once has made none.
 *
 * Ends with the signal, also while the source is silent; the source is then told to `return`.
 *
 * @yields UTF-8
 */
export async function* encodeValues(
  values: AsyncIterable<unknown> | Iterable<unknown>,
  document: StreamDocument,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  const encoder = new Encoder(values, document, signal);
  try {
    for (;;) {
      const chunk = await encoder.take();
      if (chunk === undefined) return;
      yield chunk;
    }
  } finally {
    await encoder.close();
  }
}

/** Takes values on its own account: to ask for each whether it has come, or for an abort, would cost more than the value. */
class Encoder {
  readonly #iterator: AnyIterator;
  readonly #document: StreamDocument;
  readonly #signal: AbortSignal;
  #text = "";
  /** The event loop went on since the text began: what is to come is not at hand. */
  #isLate = false;
  #turn: NodeJS.Immediate | undefined;
  #ending: { readonly error: unknown } | "end" | undefined;
  #isClosed = false;
  #wakeReader: (() => void) | undefined;
  #wakeSource: (() => void) | undefined;

  constructor(
    values: AsyncIterable<unknown> | Iterable<unknown>,
    document: StreamDocument,
    signal: AbortSignal,
  ) {
    this.#document = document;
    this.#signal = signal;
    this.#iterator =
      Symbol.asyncIterator in values ? values[Symbol.asyncIterator]() : values[Symbol.iterator]();
    signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#run().catch((error: unknown) => {
      this.#ending = { error };
      this.#wakeReader?.();
    });
  }

  /**
   * @returns `undefined` after the last chunk
   * @throws `signal.reason`, and what the source throws, at once: what was not taken yet is dropped
   */
  async take(): Promise<Buffer | undefined> {
    for (;;) {
      this.#signal.throwIfAborted();
      if (typeof this.#ending === "object") throw this.#ending.error;
      if (this.#text !== "" && (this.#isFull || this.#isLate || this.#ending !== undefined)) break;
      if (this.#ending !== undefined) return undefined;
      await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
    const chunk = Buffer.from(this.#text);
    this.#text = "";
    this.#isLate = false;
    this.#wakeSource?.();
    return chunk;
  }

  /** Tells a source that has not ended to return. What it throws on its way out changes nothing any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearImmediate(this.#turn);
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#wakeSource?.();
    if (this.#ending !== undefined) return;
    const left = Promise.resolve()
      .then(() => this.#iterator.return?.())
      .catch(() => undefined);
    // A generator that waits for something cannot return before that is there; nobody waits for it.
    if (!this.#signal.aborted) await left;
  }

  /** Meanwhile. */
  #hasClosed(): boolean {
    return this.#isClosed;
  }

  get #isFull(): boolean {
    return this.#text.length >= CHUNK_LENGTH;
  }

  async #run(): Promise<void> {
    const iterator = this.#iterator;
    const document = this.#document;
    let count = 0;
    while (!this.#isClosed) {
      const next = iterator.next();
      const result = "then" in next ? await next : next;
      // Nobody wants it, and the iterator was told so.
      if (this.#hasClosed()) return;
      const isDone = result.done === true;
      const value: unknown = result.value;
      if (count === 0) this.#text += document.start(isDone ? undefined : value);
      if (isDone) break;
      this.#text += this.#encode(value, count);
      count += 1;
      if (this.#isFull) await this.#untilTaken();
      else this.#turn ??= setImmediate(this.#onTurn);
    }
    if (this.#isClosed) return;
    this.#text += document.end(count);
    this.#ending = "end";
    this.#wakeReader?.();
  }

  /** A value that cannot be written is no fault of the iterator, which has not ended by it. */
  #encode(value: unknown, index: number): string {
    try {
      return this.#document.value(value, index);
    } catch (error) {
      Promise.resolve()
        .then(() => this.#iterator.return?.())
        .catch(() => undefined);
      throw error;
    }
  }

  async #untilTaken(): Promise<void> {
    this.#wakeReader?.();
    while (this.#isFull && !this.#isClosed) {
      await new Promise<void>((resolve) => (this.#wakeSource = resolve));
    }
  }

  readonly #onTurn = (): void => {
    this.#turn = undefined;
    this.#isLate = true;
    this.#wakeReader?.();
  };

  readonly #onAbort = (): void => this.#wakeReader?.();
}
