import type { Queryable } from "./queryable.ts";
import { isCutOff } from "./socket.ts";
import { transactionStatus } from "./transaction-status.ts";

/** Why a connection that runs nothing any more cannot be given to the next caller; `undefined` when it can. */
export function unfitForPool(client: Queryable): Error | undefined {
  if (isCutOff(client)) return new Error("the connection was lost");
  return (transactionStatus(client) ?? "I") === "I"
    ? undefined
    : new Error("left inside a transaction");
}
