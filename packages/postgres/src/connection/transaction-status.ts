import type { Queryable } from "./queryable.ts";

/**
 * The transaction state that the server reported last, where the driver tells it: `I` idle, `T` in a transaction, `E` in a failed one.
 * To be trusted after `untilReady`.
 */
export function transactionStatus(driver: Queryable): "I" | "T" | "E" | undefined {
  if (!("getTransactionStatus" in driver) || typeof driver.getTransactionStatus !== "function")
    return undefined;
  const status: unknown = driver.getTransactionStatus();
  return status === "I" || status === "T" || status === "E" ? status : undefined;
}
