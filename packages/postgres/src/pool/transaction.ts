import {
  delay,
  type Duration,
  InvalidArgumentError,
  systemClock,
  type TimerClock,
  toMs,
} from "@upshift/foundation";
import { catalogOf, shareCatalog } from "../catalog/catalog.ts";
import { abortable } from "../connection/abortable.ts";
import { inTransaction } from "../connection/in-transaction.ts";
import { isPoolLike, isTransactionRunner, type Queryable } from "../connection/queryable.ts";
import { transactionStatus } from "../connection/transaction-status.ts";
import type { Abortable } from "../connection/with-connection.ts";
import { type Deadline, startDeadline } from "./deadline.ts";
import { TransactionTimeoutError } from "./pool-errors.ts";
import { isRepeatable, retryDelayMs } from "./retry-backoff.ts";
import { type Transaction, TransactionHandle } from "./transaction-handle.ts";
import { type TransactionModes, transactionModesSql } from "./transaction-modes.ts";

export interface TransactionOptions extends TransactionModes, Abortable {
  /** How often the whole body may be run again after a serialization failure or a deadlock. Default 5. */
  readonly retries?: number;
  /** For everything: the wait for a connection, the body, its repetitions, COMMIT. Default: no limit beyond those of the pool. */
  readonly timeout?: Duration;
  readonly clock?: TimerClock;
  /** From 0 up to 1. Default `Math.random`. */
  readonly random?: () => number;
}

export type TransactionBody<T> = (transaction: Transaction) => Promise<T>;

const DEFAULT_RETRIES = 5;
const BODY_OVER = "its body is over";

/**
 * Runs `body` in a transaction: all of its statements take effect, or none does.
 *
 * The whole body is run again when the server says that it only met another transaction (SQLSTATE 40001, 40P01), after a random delay that
 * grows, on any connection. So whatever it does besides its statements, it may do several times. Of a transaction itself it makes a part that fails alone
 * (a savepoint); such a part takes no modes and is never repeated by itself.
 *
 * An abort, or the end of `timeout`, cancels the running statement and rolls back at once, without waiting for the body to notice.
 *
 * @param db - a pool, PGlite or an adapter; one connection; or the handle of another transaction
 * @throws what the body or the server throws, after everything was rolled back
 * @throws {CommitUnknownError} when no answer to COMMIT came; never repeated
 * @throws {TransactionRolledBackError} when a failed statement was kept from us, so that the server could not commit
 * @throws {TransactionBusyError} when another part of the same transaction is open
 * @throws {TransactionTimeoutError} after `timeout`
 * @throws `options.signal.reason` when aborted
 */
export async function transaction<T>(
  db: Queryable,
  body: TransactionBody<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const { signal, timeout, clock = systemClock, random = Math.random } = options;
  const modes = transactionModesSql(options);
  const isPart = isPartOfAnother(db);
  if (isPart && modes !== "")
    throw new InvalidArgumentError("no modes for a part of another transaction", modes);
  const timeoutMs = timeout === undefined ? 0 : toMs(timeout, "timeout");
  const deadline = startDeadline({
    signal,
    timeoutMs,
    clock,
    reason: () => new TransactionTimeoutError(timeoutMs),
  });
  const retries = isPart ? 0 : retryCount(options.retries);
  try {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await runOnce({ db, body, modes, deadline });
      } catch (error) {
        if (attempt >= retries || !isRepeatable(error)) throw error;
      }
      await delay(clock, retryDelayMs(attempt, random), deadline.signal);
    }
  } finally {
    deadline.end();
  }
}

interface Attempt<T> {
  readonly db: Queryable;
  readonly body: TransactionBody<T>;
  readonly modes: string;
  readonly deadline: Deadline;
}

async function runOnce<T>(attempt: Attempt<T>): Promise<T> {
  const { db } = attempt;
  if (!TransactionHandle.is(db)) return runOn(db, attempt);
  await db.settled();
  return db.nest(() => runOn(db.driver, attempt), attempt.deadline.abort);
}

function runOn<T>(on: Queryable, { db, body, modes, deadline }: Attempt<T>): Promise<T> {
  const { signal } = deadline;
  const isDrivers = !isPoolLike(on) && isTransactionRunner(on);
  return inTransaction(
    on,
    async (connection) => {
      if (isDrivers && modes !== "")
        await connection.run({ text: `SET TRANSACTION ${modes}`, values: [] });
      const handle = new TransactionHandle(connection);
      shareCatalog(handle, catalogOf(db));
      try {
        const result = await abortable(start(body, handle), signal);
        // What was started and not awaited belongs to it too.
        await abortable(handle.over(), signal);
        handle.end(BODY_OVER);
        return result;
      } catch (error) {
        handle.end(BODY_OVER);
        // Nothing of it may run when others get the connection; a pool's is closed after an abort.
        if (!(isPoolLike(on) && signal.aborted)) await handle.over();
        throw error;
      }
    },
    { signal, begin: modes === "" ? "BEGIN" : `BEGIN ${modes}` },
  );
}

/** A body that throws at once is one that rejects. */
async function start<T>(body: TransactionBody<T>, handle: Transaction): Promise<T> {
  return body(handle);
}

function isPartOfAnother(db: Queryable): boolean {
  if (TransactionHandle.is(db)) return true;
  const status = isPoolLike(db) ? "I" : transactionStatus(db);
  return status === "T" || status === "E";
}

function retryCount(retries: number = DEFAULT_RETRIES): number {
  if (!Number.isSafeInteger(retries) || retries < 0)
    throw new InvalidArgumentError("`retries` as a whole number from 0", retries);
  return retries;
}
