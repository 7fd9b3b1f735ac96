import type { Connection } from "../../connection/connection.ts";
import { isRowRejection } from "./rejection.ts";

const SAVEPOINT = "upshift_rows";

/**
 * Runs `body` inside the open transaction so that its failure can be undone alone.
 *
 * @returns what the server said against its rows; `undefined` when it succeeded
 * @throws every other failure
 */
export async function attemptUnderSavepoint(
  connection: Connection,
  body: () => Promise<void>,
): Promise<unknown> {
  const run = (text: string): Promise<unknown> => connection.run({ text, values: [] });
  await run(`SAVEPOINT ${SAVEPOINT}`);
  try {
    await body();
  } catch (error) {
    if (!isRowRejection(error)) throw error;
    await run(`ROLLBACK TO SAVEPOINT ${SAVEPOINT}`);
    await run(`RELEASE SAVEPOINT ${SAVEPOINT}`);
    return error;
  }
  await run(`RELEASE SAVEPOINT ${SAVEPOINT}`);
  return undefined;
}
