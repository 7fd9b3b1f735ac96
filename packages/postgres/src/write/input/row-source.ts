import { InvalidArgumentError } from "@upshift/foundation";

/** Rows all at once, or as they come. */
export type RowSource = Source<object>;

export type Source<T> = readonly T[] | Iterable<T> | AsyncIterable<T>;

/** Gives one row after the other, whatever they come from. */
export interface RowReader {
  /** @returns `undefined` at the end; at once where rows are at hand, so that only a source that waits costs a promise per row */
  next(): { readonly row: unknown } | undefined | Promise<{ readonly row: unknown } | undefined>;
  /** Ends a wait for the source, or the next one, with this error: there is nowhere to write rows any more. */
  interrupt(error: unknown): void;
  /** Tells the source that no more is wanted. Not needed after its end. */
  close(): Promise<void>;
}

/**
 * @param signal - ends a wait for the source at once; a source that is in the middle of a wait of its own is left to itself
 * @throws {InvalidArgumentError} when it is no source of rows
 */
export function readRows(source: Source<unknown>, signal: AbortSignal | undefined): RowReader {
  if (isAsyncIterable(source)) return asyncReader(source[Symbol.asyncIterator](), signal);
  if (isIterable(source)) return syncReader(source[Symbol.iterator]());
  throw new InvalidArgumentError("`rows` as an array, an iterable or an async iterable", source);
}

function syncReader(iterator: Iterator<unknown>): RowReader {
  let isOpen = true;
  return {
    next() {
      const { done, value } = iterator.next();
      if (done !== true) return { row: value };
      isOpen = false;
      return undefined;
    },
    // It is never waited for.
    interrupt: () => undefined,
    async close() {
      if (isOpen) iterator.return?.();
      isOpen = false;
    },
  };
}

function asyncReader(iterator: AsyncIterator<unknown>, signal: AbortSignal | undefined): RowReader {
  let isOpen = true;
  let isWaiting = false;
  let giveUp: ((error: unknown) => void) | undefined;
  let interruption: { readonly error: unknown } | undefined;
  const interrupt = (error: unknown): void => {
    interruption ??= { error };
    giveUp?.(error);
  };
  const onAbort = (): void => interrupt(signal?.reason);
  signal?.addEventListener("abort", onAbort);
  if (signal?.aborted === true) onAbort();
  const take = async (): Promise<{ readonly row: unknown } | undefined> => {
    if (interruption !== undefined) throw interruption.error;
    isWaiting = true;
    try {
      const { done, value } = await withGiveUp(iterator.next());
      isWaiting = false;
      if (done !== true) return { row: value };
      isOpen = false;
      return undefined;
    } catch (error) {
      // A source that has thrown is over; one that was given up on is still waiting.
      if (interruption === undefined) isOpen = false;
      throw error;
    }
  };
  // One listener for the whole source: one per row would cost more than the row.
  const withGiveUp = (
    next: Promise<IteratorResult<unknown, unknown>>,
  ): Promise<IteratorResult<unknown, unknown>> =>
    new Promise((resolve, reject) => {
      giveUp = reject;
      next.then(resolve, reject);
      // The source itself may have aborted it just now.
      if (interruption !== undefined) reject(interruption.error);
    });
  return {
    next: take,
    interrupt,
    async close() {
      signal?.removeEventListener("abort", onAbort);
      if (!isOpen) return;
      isOpen = false;
      const closed = iterator.return?.();
      // A generator answers only after the wait that it is in.
      if (isWaiting) closed?.catch(() => undefined);
      else await closed;
    },
  };
}

function isAsyncIterable(source: unknown): source is AsyncIterable<unknown> {
  return typeof source === "object" && source !== null && Symbol.asyncIterator in source;
}

function isIterable(source: unknown): source is Iterable<unknown> {
  return typeof source === "object" && source !== null && Symbol.iterator in source;
}
