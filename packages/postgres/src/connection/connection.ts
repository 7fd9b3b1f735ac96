import { abortable } from "./abortable.ts";
import { requestCancel } from "./cancel-request.ts";
import type { QueryResult, Queryable, Row } from "./queryable.ts";
import { runStatement, type Statement } from "./run-statement.ts";
import { sqlState } from "./sql-state.ts";
import { isReady } from "./until-ready.ts";

/** One connection, ours alone while the body of `withConnection` runs. */
export interface Connection {
  /** The driver's own connection, for what only it can do (COPY). */
  readonly driver: Queryable;
  /**
   * @throws `signal.reason` at once when aborted; the statement is cancelled on the server
   * @throws what the driver throws
   */
  run<R = Row>(statement: Statement): Promise<QueryResult<R>>;
  /** As `run`, for a statement that `start` gives to the driver in its own form. */
  track<T>(start: () => Promise<T>): Promise<T>;
  /** Says that the connection's protocol state is not known: it is closed, not kept, when the body ends. */
  discard(reason: Error): void;
  /** Cancels whatever runs on it, also what was not given to it by `run` or `track`; it is closed when the body ends. */
  abandon(): void;
  /** Cancels the statement that runs, if it still does, and keeps the connection: nothing else may run on it before `idle`. */
  cancel(): void;
  /** Settles when no statement of ours is running any more, and no request to cancel one is under way: it would hit the next. What the statement gave is of no interest. */
  idle(): Promise<void>;
  /** Settles when the request to cancel a statement has been passed on; `undefined` when there was none. */
  readonly cancelling: Promise<void> | undefined;
  /** Why it must not be used again, for whoever releases it. */
  readonly brokenBy: Error | undefined;
  /** The last failure of a statement that was not merely a consequence of one before it. */
  readonly lastFailure: unknown;
}

/** SQLSTATE of every statement in a transaction after one that failed. */
export const IN_FAILED_TRANSACTION = "25P02";

/** @param isKept - it is used again whatever befalls it here, as a connection of the caller is */
export function holdConnection(
  driver: Queryable,
  signal: AbortSignal | undefined,
  isKept: boolean,
): Connection {
  let brokenBy: Error | undefined;
  let lastFailure: unknown;
  let cancelling: Promise<void> | undefined;
  let running: Promise<unknown> = Promise.resolve();
  const cancel = (): void => {
    cancelling ??= requestCancel(driver, isKept);
  };
  const abort = (): void => {
    brokenBy ??= new Error("aborted while a statement was running");
    cancel();
  };
  const track = async <T>(start: () => Promise<T>): Promise<T> => {
    signal?.throwIfAborted();
    const result = start();
    running = result.catch((error: unknown) => {
      if (sqlState(error) !== IN_FAILED_TRANSACTION) lastFailure = error;
    });
    return abortable(result, signal, abort);
  };
  return {
    driver,
    get brokenBy() {
      return brokenBy;
    },
    get cancelling() {
      return cancelling;
    },
    get lastFailure() {
      return lastFailure;
    },
    run: <R>(statement: Statement) => track(() => runStatement<R>(driver, statement)),
    track,
    discard(reason) {
      brokenBy ??= reason;
    },
    abandon() {
      brokenBy ??= new Error("aborted");
      if (!isReady(driver)) cancel();
    },
    cancel,
    async idle() {
      await running;
      await cancelling;
    },
  };
}
