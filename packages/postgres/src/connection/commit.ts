import { systemClock } from "@upshift/foundation";
import { listenForAbort } from "./abort-listener.ts";
import { abortable } from "./abortable.ts";
import type { Connection } from "./connection.ts";
import { sqlState } from "./sql-state.ts";
import {
  CommitUnknownError,
  TransactionEndedError,
  TransactionRolledBackError,
} from "./transaction-errors.ts";
import { transactionStatus } from "./transaction-status.ts";
import { untilReady } from "./until-ready.ts";

/** How long an abort waits for the answer to a COMMIT that is under way: longer than almost any, so that few outcomes stay unknown. */
const ABORT_GRACE_MS = 2_000;

/**
 * Ends the transaction of this connection with COMMIT.
 *
 * From the moment it is sent an abort can no longer undo anything, so it only shortens the wait for the answer.
 *
 * @throws {CommitUnknownError} when no answer came
 * @throws {TransactionRolledBackError} when the answer was ROLLBACK
 * @throws {TransactionEndedError} when there is no transaction any more
 * @throws what the server says, a violated deferred constraint for one; everything is rolled back then
 */
export async function commit(
  connection: Connection,
  signal: AbortSignal | undefined,
): Promise<void> {
  await untilReady(connection.driver);
  // Never sent, so its outcome is known.
  if (connection.brokenBy !== undefined) throw connection.brokenBy;
  if (transactionStatus(connection.driver) === "I")
    throw new TransactionEndedError("its body sent COMMIT or ROLLBACK itself");
  let result: unknown;
  try {
    result = await patiently(connection.driver.query("COMMIT"), signal);
  } catch (error) {
    if (isAnswer(error)) throw error;
    connection.discard(new Error("no answer to COMMIT"));
    throw new CommitUnknownError(error);
  }
  if (commandOf(result) === "ROLLBACK")
    throw new TransactionRolledBackError(connection.lastFailure);
}

/** What a failure means that came when the body was done and the driver was to commit. */
export function outcomeOfDriversCommit(error: unknown): unknown {
  return isAnswer(error) || !(error instanceof Error) ? error : new CommitUnknownError(error);
}

/** True for an error by which the server says that it did not commit. */
function isAnswer(error: unknown): boolean {
  const state = sqlState(error);
  if (state === undefined) return false;
  const severity = error instanceof Error && "severity" in error ? error.severity : "ERROR";
  // A session that ends may have ended after its commit: 57P01 is also what comes when it only waited for a standby.
  if (severity === "FATAL" || severity === "PANIC") return false;
  return !/^(?:08|57P0|40003)/.test(state);
}

function commandOf(result: unknown): unknown {
  return typeof result === "object" && result !== null && "command" in result
    ? result.command
    : undefined;
}

async function patiently<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  const grace = new AbortController();
  let cancel: (() => void) | undefined;
  const letGo = listenForAbort(signal, () => {
    cancel = systemClock.after(ABORT_GRACE_MS, () => grace.abort(signal.reason));
  });
  try {
    return await abortable(promise, grace.signal);
  } finally {
    letGo();
    cancel?.();
  }
}
