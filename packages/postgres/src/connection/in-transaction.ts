import { type Connection, holdConnection } from "./connection.ts";
import { isPoolLike, isTransactionRunner, type Queryable } from "./queryable.ts";
import { sqlState } from "./sql-state.ts";
import { type Abortable, withConnection } from "./with-connection.ts";

export interface InTransactionOptions extends Abortable {
  /** The statement that opens it where there is none yet, `BEGIN` with its modes. Fixed text, never built from input. */
  readonly begin?: string;
}

/** SQLSTATE of a SAVEPOINT outside of a transaction. */
const NO_ACTIVE_TRANSACTION = "25P01";
const SAVEPOINT = "upshift_part";

/**
 * Runs `body` so that all of its statements take effect or none does.
 *
 * Of a pool: a transaction on a connection of its own. On a single connection: a savepoint of the transaction that it is in, else a
 * transaction. With PGlite and the query builders: their own `transaction`.
 *
 * @throws what the body throws, after everything was rolled back
 */
export function inTransaction<T>(
  db: Queryable,
  body: (connection: Connection) => Promise<T>,
  { signal, begin = "BEGIN" }: InTransactionOptions = {},
): Promise<T> {
  if (!isPoolLike(db) && isTransactionRunner(db)) {
    return db.transaction(async (transaction) => {
      signal?.throwIfAborted();
      const connection = holdConnection(transaction, signal);
      try {
        return await body(connection);
      } finally {
        if (connection.brokenBy !== undefined) await connection.idle();
      }
    });
  }
  return withConnection(
    db,
    async (connection) => {
      const words = isPoolLike(db)
        ? await openOwn(connection, begin)
        : await openOnCallers(connection, begin);
      try {
        const result = await body(connection);
        await execute(connection, words.close);
        return result;
      } catch (error) {
        await rollBack(connection, words.undo);
        throw error;
      }
    },
    { signal },
  );
}

interface TransactionWords {
  readonly close: string;
  readonly undo: readonly string[];
}

const TRANSACTION: TransactionWords = { close: "COMMIT", undo: ["ROLLBACK"] };
const PART: TransactionWords = {
  close: `RELEASE SAVEPOINT ${SAVEPOINT}`,
  undo: [`ROLLBACK TO SAVEPOINT ${SAVEPOINT}`, `RELEASE SAVEPOINT ${SAVEPOINT}`],
};

async function openOwn(connection: Connection, begin: string): Promise<TransactionWords> {
  await execute(connection, begin);
  return TRANSACTION;
}

/** Only the server knows whether the caller's connection is inside a transaction: a SAVEPOINT outside of one fails and harms nothing. */
async function openOnCallers(connection: Connection, begin: string): Promise<TransactionWords> {
  try {
    await execute(connection, `SAVEPOINT ${SAVEPOINT}`);
    return PART;
  } catch (error) {
    if (sqlState(error) !== NO_ACTIVE_TRANSACTION) throw error;
    return openOwn(connection, begin);
  }
}

async function execute(connection: Connection, text: string): Promise<void> {
  await connection.run({ text, values: [] });
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
