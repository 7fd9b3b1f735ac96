import { abortable } from "./abortable.ts";
import { requestCancel } from "./cancel-request.ts";
import type { QueryResult, Queryable, Row } from "./queryable.ts";
import { runStatement, type Statement } from "./run-statement.ts";

/** One connection, ours alone while the body of `withConnection` runs. */
export interface Connection {
  /** The driver's own connection, for what only it can do (COPY). */
  readonly driver: Queryable;
  /**
   * @throws `signal.reason` at once when aborted; the statement is cancelled on the server
   * @throws what the driver throws
   */
  run<R = Row>(statement: Statement): Promise<QueryResult<R>>;
  /** Says that the connection's protocol state is not known: it is closed, not kept, when the body ends. */
  discard(reason: Error): void;
  /** Settles when no statement of ours is running any more; what it gave is of no interest. */
  idle(): Promise<void>;
  /** Why it must not be used again, for whoever releases it. */
  readonly brokenBy: Error | undefined;
}

export function holdConnection(driver: Queryable, signal: AbortSignal | undefined): Connection {
  let brokenBy: Error | undefined;
  let running: Promise<unknown> = Promise.resolve();
  return {
    driver,
    get brokenBy() {
      return brokenBy;
    },
    async run<R>(statement: Statement) {
      signal?.throwIfAborted();
      const result = runStatement<R>(driver, statement);
      running = result.catch(() => undefined);
      return abortable(result, signal, () => {
        brokenBy ??= new Error("aborted while a statement was running");
        void requestCancel(driver);
      });
    },
    discard(reason) {
      brokenBy ??= reason;
    },
    async idle() {
      await running;
    },
  };
}
