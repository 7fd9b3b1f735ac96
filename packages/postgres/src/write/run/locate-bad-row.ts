import type { Connection } from "../../connection/connection.ts";
import { inTransaction } from "../../connection/in-transaction.ts";
import type { Queryable } from "../../connection/queryable.ts";
import { BadRowError } from "../write-errors.ts";

/** Ends a transaction that only looked. */
class Undo extends Error {}

/**
 * Looks for the row that cannot be written, in a transaction that is undone in any case.
 *
 * @param look - throws the `BadRowError`
 * @returns what it found; `undefined` when it found nothing or failed itself
 * @throws `signal.reason`
 */
export async function locateBadRow(
  { db, signal }: { readonly db: Queryable; readonly signal: AbortSignal | undefined },
  look: (connection: Connection) => Promise<void>,
): Promise<BadRowError | undefined> {
  try {
    await inTransaction(
      db,
      async (connection) => {
        await look(connection);
        throw new Undo();
      },
      { signal },
    );
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof BadRowError) return error;
  }
  return undefined;
}
