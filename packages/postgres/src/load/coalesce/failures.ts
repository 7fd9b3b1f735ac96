import { hasErrorCode } from "@upshift/foundation";
import { sqlState } from "../../connection/sql-state.ts";

/** Too many connections, starting up or shutting down, no such role, password or database: nothing was run, and nobody's values are at fault. */
const REFUSED_AT_THE_DOOR = /^(?:53300|57P03|28.{3}|3D000)$/;
const DOOR_CALLS = new Set<unknown>(["connect", "getaddrinfo"]);
/** Of `createPool`. */
const POOL_CODES = ["UPSHIFT_POOL_TIMEOUT", "UPSHIFT_CONNECT_TIMEOUT", "UPSHIFT_POOL_CLOSED"];
/** pg-pool has no codes for these. */
const POOL_MESSAGES = new Set([
  "timeout exceeded when trying to connect",
  "Connection terminated due to connection timeout",
  "Cannot use a pool after calling end on the pool",
]);

/** True when there was no connection to run anything on. Each query alone would have met the same; asking again for each would only make the queue longer. */
export function hadNoConnection(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return REFUSED_AT_THE_DOOR.test(state);
  if (!(error instanceof Error)) return false;
  if (POOL_CODES.some((code) => hasErrorCode(error, code))) return true;
  return POOL_MESSAGES.has(error.message) || ("syscall" in error && DOOR_CALLS.has(error.syscall));
}

/** The table is not what it was when the statement was prepared or the catalog was read: `feature_not_supported`, `undefined_*`, a lost plan. */
export function mayBeOutOfDate(error: unknown): boolean {
  return /^(?:0A000|26000|42.{3})$/.test(sqlState(error) ?? "");
}

/** The server understood the statement and would not have it, or could not read its values: not a lost connection, a timeout or a conflict. */
export function wasRefused(error: unknown): boolean {
  return /^(?:0A|22|42)/.test(sqlState(error) ?? "");
}
