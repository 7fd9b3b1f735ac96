import type { CallOptions } from "../redis.ts";
import type { Policy } from "./policy.ts";

/** Where the theoretical arrival times are kept, and charged. */
export interface LimitStore {
  charge(
    policies: readonly Policy[],
    key: string,
    cost: number,
    options: CallOptions | undefined,
  ): Promise<Charge>;
  /** Forgets what a key has taken. */
  reset(key: string, options: CallOptions | undefined): Promise<void>;
}

export interface Charge {
  readonly isAllowed: boolean;
  /** For each policy how far ahead its theoretical arrival time now lies, in microseconds, at least 0. */
  readonly debtsUs: readonly number[];
}
