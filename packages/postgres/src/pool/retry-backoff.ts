import { hasErrorCode } from "@upshift/foundation";
import { sqlState } from "../connection/sql-state.ts";

/** SQLSTATEs by which the server says that the same transaction may well succeed when it is run again: serialization failure, deadlock. */
const REPEATABLE: ReadonlySet<string | undefined> = new Set(["40001", "40P01"]);
/** An ORM wraps the driver's error, and may be wrapped itself. */
const DEEPEST_CAUSE = 5;

/** True for what made the server roll a transaction back that may succeed when it is run again. */
export function isRepeatable(error: unknown): boolean {
  // It may have been committed.
  if (hasErrorCode(error, "UPSHIFT_COMMIT_UNKNOWN")) return false;
  let cause = error;
  for (let depth = 0; depth < DEEPEST_CAUSE && cause instanceof Error; depth += 1) {
    if (REPEATABLE.has(sqlState(cause))) return true;
    cause = cause.cause;
  }
  return false;
}

const FIRST_DELAY_MS = 10;
const LONGEST_DELAY_MS = 1_000;

/**
 * Full jitter: anything from 0 to a bound that doubles. Transactions that met once are not to meet again.
 *
 * Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @param attempt - 0 after the first failure
 */
export function retryDelayMs(attempt: number, random: () => number): number {
  return random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
}
