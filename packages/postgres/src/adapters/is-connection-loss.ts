import { sqlState } from "../connection/sql-state.ts";

/**
 * True for an error that leaves no connection behind: a FATAL of the server (`57P01` to `57P05`: it was told to end it, or ends itself), class `08`, or a failure that is not
 * the server's at all, as drivers report a socket that closed.
 */
export function isConnectionLoss(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const state = sqlState(error);
  return state === undefined || /^(?:08|57P0)/.test(state);
}
