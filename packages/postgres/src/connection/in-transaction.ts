import { commit, outcomeOfDriversCommit } from "./commit.ts";
import { type Connection, holdConnection, IN_FAILED_TRANSACTION } from "./connection.ts";
import { takePartName } from "./part-name.ts";
import { pooledSession } from "./pooled-session.ts";
import {
  isPoolLike,
  isTransactionRunner,
  type Queryable,
  type TransactionRunner,
} from "./queryable.ts";
import { sqlState } from "./sql-state.ts";
import { TransactionBusyError, TransactionRolledBackError } from "./transaction-errors.ts";
import { type Abortable, withConnection } from "./with-connection.ts";

export interface InTransactionOptions extends Abortable {
  /** The statement that opens it where there is none yet, `BEGIN` with its modes. Fixed text, never built from input. */
  readonly begin?: string;
}

type Body<T> = (connection: Connection) => Promise<T>;

/** SQLSTATEs of a SAVEPOINT outside of a transaction, and of one that is not there any more. */
const NO_ACTIVE_TRANSACTION = "25P01";
const NO_SUCH_SAVEPOINT = "3B001";

/**
 * Runs `body` so that all of its statements take effect or none does.
 *
 * Of a pool: a transaction on a connection of its own. On a single connection: a savepoint of the transaction that it is in, else a
 * transaction. With PGlite and the query builders: their own `transaction`.
 *
 * @throws what the body throws, after everything was rolled back
 * @throws {CommitUnknownError} when the connection was lost after COMMIT had been sent
 * @throws {TransactionRolledBackError} when the server answered COMMIT with ROLLBACK
 * @throws {TransactionBusyError} when parts of one transaction ran at the same time on its connection
 */
export function inTransaction<T>(
  db: Queryable,
  body: Body<T>,
  { signal, begin = "BEGIN" }: InTransactionOptions = {},
): Promise<T> {
  if (!isPoolLike(db) && isTransactionRunner(db)) return inDriversTransaction(db, body, signal);
  const isOurs = isPoolLike(db);
  const run = isOurs ? transact : onCallers;
  return withConnection(db, (connection) => run({ connection, body, begin, signal, isOurs }), {
    signal,
  });
}

interface Part<T> {
  readonly connection: Connection;
  readonly body: Body<T>;
  readonly begin: string;
  readonly signal: AbortSignal | undefined;
  /** The connection comes from a pool, so it can be closed where its transaction cannot be rolled back at once. */
  readonly isOurs: boolean;
}

async function transact<T>({ connection, body, begin, signal, isOurs }: Part<T>): Promise<T> {
  const open = isOurs ? execute : executeWhole;
  await open(connection, begin + (pooledSession(connection.driver)?.preamble ?? ""));
  let result: T;
  try {
    signal?.throwIfAborted();
    result = await body(connection);
    await connection.idle();
    signal?.throwIfAborted();
  } catch (error) {
    // The server rolls back what is closed. To wait for a hung one would outlast the abort.
    if (isOurs && signal?.aborted === true) connection.abandon();
    else await rollBack(connection, ["ROLLBACK"]);
    throw error;
  }
  await commit(connection, signal);
  return result;
}

/** Only the server knows whether the caller's connection is inside a transaction: a SAVEPOINT outside of one fails and harms nothing. */
async function onCallers<T>(part: Part<T>): Promise<T> {
  const savepoint = takePartName(part.connection.driver);
  try {
    return await underSavepoint(part, savepoint.name);
  } finally {
    savepoint.free();
  }
}

async function underSavepoint<T>(part: Part<T>, savepoint: string): Promise<T> {
  const { connection, body, signal } = part;
  try {
    await executeWhole(connection, `SAVEPOINT ${savepoint}`);
  } catch (error) {
    if (sqlState(error) !== NO_ACTIVE_TRANSACTION) throw error;
    return transact(part);
  }
  try {
    signal?.throwIfAborted();
    const result = await body(connection);
    await connection.idle();
    signal?.throwIfAborted();
    await executeWhole(connection, `RELEASE SAVEPOINT ${savepoint}`);
    return result;
  } catch (error) {
    if (sqlState(error) === NO_SUCH_SAVEPOINT) throw new TransactionBusyError(error);
    await rollBack(connection, [
      `ROLLBACK TO SAVEPOINT ${savepoint}`,
      `RELEASE SAVEPOINT ${savepoint}`,
    ]);
    throw error;
  }
}

async function inDriversTransaction<T>(
  db: TransactionRunner,
  body: Body<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  let isBodyDone = false;
  try {
    return await db.transaction(async (transaction) => {
      signal?.throwIfAborted();
      const connection = holdConnection(transaction, signal, true);
      try {
        const result = await body(connection);
        await assertNotFailed(connection);
        isBodyDone = true;
        return result;
      } finally {
        await connection.idle();
      }
    });
  } catch (error) {
    throw isBodyDone ? outcomeOfDriversCommit(error) : error;
  }
}

/** A failed transaction would be rolled back by its COMMIT without a word of the driver. */
async function assertNotFailed(connection: Connection): Promise<void> {
  const { lastFailure } = connection;
  if (lastFailure === undefined) return;
  try {
    await execute(connection, "SELECT 1");
  } catch (error) {
    throw sqlState(error) === IN_FAILED_TRANSACTION
      ? new TransactionRolledBackError(lastFailure)
      : error;
  }
}

async function execute(connection: Connection, text: string): Promise<void> {
  await connection.run({ text, values: [] });
}

/**
 * Past the signal: what opens or closes a part on the caller's connection either took effect or did not, and what is sent next depends on it. An abort
 * meanwhile would leave a transaction open, or roll back to a savepoint that is released, which fails the transaction around it.
 */
async function executeWhole({ driver }: Connection, text: string): Promise<void> {
  await driver.query(text);
}

/** Past the signal, which may be why we are here: the caller's connection has to leave the transaction all the same. */
async function rollBack(connection: Connection, statements: readonly string[]): Promise<void> {
  try {
    await connection.idle();
    for (const statement of statements) await connection.driver.query(statement);
  } catch (error) {
    connection.discard(error instanceof Error ? error : new Error("could not roll back"));
  }
}
