import { abortable } from "../connection/abortable.ts";
import type { Queryable } from "../connection/queryable.ts";
import type { KeysetSpec } from "./keyset-spec.ts";
import { type ResolvedOrder, resolveOrder } from "./resolve-order.ts";

/**
 * Resolves an order at its first use and keeps the answer; a failure is not kept. Callers share one reading, so the signal of one ends only its own waiting.
 */
export function orderReader(
  db: Queryable,
  spec: KeysetSpec,
): (signal: AbortSignal | undefined) => Promise<ResolvedOrder> {
  let reading: Promise<ResolvedOrder> | undefined;
  return (signal) => {
    if (reading === undefined) {
      const started = resolveOrder(db, spec);
      reading = started;
      started.catch(() => {
        if (reading === started) reading = undefined;
      });
    }
    return abortable(reading, signal);
  };
}
