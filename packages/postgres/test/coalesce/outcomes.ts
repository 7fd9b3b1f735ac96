import type { Pool } from "pg";
import type { AnyQuery } from "./pools.ts";

export function callQuery(pool: Pool, args: readonly unknown[]): Promise<unknown> {
  return (pool.query.bind(pool) as unknown as AnyQuery)(...args);
}

/** What a failed outcome carries; the equality of errors is that of their messages only. */
export function errorFacts(outcome: PromiseSettledResult<unknown>): object {
  return outcome.status === "rejected"
    ? { ...outcome.reason, message: outcome.reason.message }
    : {};
}
