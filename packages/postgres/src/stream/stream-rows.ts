import { type Duration, systemClock } from "@upshift/foundation";
import type { Queryable, Row } from "../connection/queryable.ts";
import type { Abortable } from "../connection/with-connection.ts";
import { type BatchSize, type BatchSizing, batchSizing } from "./batch-size.ts";
import { RowBatches } from "./row-batches.ts";
import { readQuery, type SingleQuery, type StreamQuery } from "./single-query.ts";
import { StreamIdleError } from "./stream-errors.ts";
import type { StreamLimits } from "./transaction-settings.ts";
import { limitMs, openWatch, type Watch } from "./watch.ts";

export interface StreamRowsOptions extends Abortable {
  /** Rows per FETCH. Memory holds two batches at most: the one that is worked on, and the next. Default is `'adaptive'`. */
  readonly batchSize?: BatchSize;
  /** How long all of it may take, waiting for a connection included. Default is without end. */
  readonly timeout?: Duration;
  /** How long the connection is held for a consumer that takes no row; it may be up to twice as long. Default is `'5m'`. */
  readonly idleTimeout?: Duration;
}

/** Rows one by one. It begins with the first `next()` and can be gone through once. */
export interface RowStream<R> extends AsyncIterableIterator<R, undefined, void> {
  return(): Promise<IteratorResult<R, undefined>>;
  throw(error: unknown): Promise<IteratorResult<R, undefined>>;
  [Symbol.asyncIterator](): RowStream<R>;
}

const DEFAULT_IDLE_TIMEOUT = "5m";

/**
 * The rows of a query, one by one and in bounded memory, as the driver gives them.
 *
 * ```ts
 * for await (const user of streamRows(pool, sql`SELECT id, email FROM users ORDER BY id`)) { … }
 * ```
 *
 * Of a pool it holds one connection in a read-only transaction, from the first `next()` until the last row was fetched or the iteration ended: by `break`,
 * `return`, an error, an abort. All rows are of one moment, and the server keeps that moment's dead rows for as long: where rows are worked on for minutes, `keysetRows` holds
 * nothing in between. On a connection of the caller the cursor is part of its transaction.
 *
 * @throws {InvalidArgumentError} at once, for options or a query that cannot work
 * @throws {StreamTimeoutError} from `next()`
 * @throws {StreamIdleError} from `next()`, when the one before it was too long ago
 * @throws `signal.reason` from `next()`, and what the driver throws
 */
export function streamRows<R extends Row = Row>(
  db: Queryable,
  query: StreamQuery,
  options: StreamRowsOptions = {},
): RowStream<R> {
  const { batchSize = "adaptive", timeout, idleTimeout = DEFAULT_IDLE_TIMEOUT, signal } = options;
  return new CursorRowStream<R>({
    db,
    query: readQuery(query),
    sizing: batchSizing(batchSize),
    timeoutMs: timeout === undefined ? undefined : limitMs(timeout, "timeout"),
    idleTimeoutMs: limitMs(idleTimeout, "idleTimeout"),
    signal,
  });
}

interface Start extends StreamLimits, Abortable {
  readonly db: Queryable;
  readonly query: SingleQuery;
  readonly sizing: BatchSizing;
}

const DONE: IteratorResult<never, undefined> = { done: true, value: undefined };

/** Not a generator: one that waits for its next row cannot be told to return before the row is there. */
class CursorRowStream<R extends Row> implements RowStream<R> {
  readonly #start: Start;
  #batches: RowBatches<R> | undefined;
  #watch: Watch | undefined;
  #cancelIdle: (() => void) | undefined;
  #rows: readonly R[] = [];
  #index = 0;
  /** Calls of `next` wait for each other. */
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #asked = 0;
  #isEnded = false;

  constructor(start: Start) {
    this.#start = start;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<R, undefined>> {
    this.#asked += 1;
    const row = this.#waiting === 0 ? this.#buffered() : undefined;
    if (row !== undefined) return Promise.resolve(row);
    this.#waiting += 1;
    const result = this.#turn.then(() => this.#advance());
    this.#turn = result.catch(() => undefined).then(() => (this.#waiting -= 1));
    return result;
  }

  async return(): Promise<IteratorResult<R, undefined>> {
    await this.#end();
    return DONE;
  }

  async throw(error: unknown): Promise<never> {
    await this.#end();
    throw error;
  }

  #buffered(): IteratorResult<R, undefined> | undefined {
    if (this.#index >= this.#rows.length || this.#watch?.signal.aborted === true) return undefined;
    const value = this.#rows[this.#index];
    this.#index += 1;
    return value === undefined ? undefined : { done: false, value };
  }

  async #advance(): Promise<IteratorResult<R, undefined>> {
    const buffered = this.#buffered();
    if (buffered !== undefined) return buffered;
    if (this.#isEnded) return DONE;
    try {
      this.#batches ??= this.#open();
      const rows = await this.#batches.next();
      if (rows !== undefined && !this.#hasEnded()) {
        this.#rows = rows;
        this.#index = 0;
        return this.#buffered() ?? DONE;
      }
    } catch (error) {
      const isOurs = this.#hasEnded();
      await this.#end();
      if (isOurs) return DONE;
      throw error;
    }
    await this.#end();
    return DONE;
  }

  /** Whether it was ended meanwhile. */
  #hasEnded(): boolean {
    return this.#isEnded;
  }

  #open(): RowBatches<R> {
    const { db, query, signal, timeoutMs, idleTimeoutMs } = this.#start;
    signal?.throwIfAborted();
    const watch = openWatch(signal, timeoutMs);
    this.#watch = watch;
    this.#watchIdle(watch, idleTimeoutMs);
    return new RowBatches<R>(db, query, { ...this.#start, watch });
  }

  /** One timer per interval and a count per row: to start a timer anew for each row would cost more than the row. */
  #watchIdle(watch: Watch, idleTimeoutMs: number): void {
    const asked = this.#asked;
    const look = (): void => {
      if (this.#asked !== asked || this.#waiting > 0) this.#watchIdle(watch, idleTimeoutMs);
      // What is left is in memory and may be taken at leisure.
      else if (this.#batches?.isFinished === true) watch.close();
      else watch.stop(new StreamIdleError(idleTimeoutMs));
    };
    this.#cancelIdle = systemClock.after(idleTimeoutMs, look, { isBackground: true });
  }

  async #end(): Promise<void> {
    this.#isEnded = true;
    this.#rows = [];
    await this.#batches?.close();
    this.#cancelIdle?.();
    this.#watch?.close();
  }
}
