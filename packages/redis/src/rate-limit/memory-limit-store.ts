import {
  assertClock,
  type Clock,
  InvalidArgumentError,
  refuseUnknown,
  systemClock,
} from "@upshift/foundation";
import { charge } from "./gcra.ts";
import type { LimitStore } from "./limit-store.ts";

export interface MemoryLimitStoreOptions {
  /** Keys that are kept; beyond it the one that was used longest ago is forgotten, and begins anew. Default is 10,000. */
  readonly maxKeys?: number;
  readonly clock?: Clock;
}

const OPTIONS: ReadonlySet<keyof MemoryLimitStoreOptions> = new Set(["maxKeys", "clock"]);

/** Counts in this process alone, with the maths of the Redis store: for tests, for one process, and for when Redis is away. */
export function memoryLimitStore(options: MemoryLimitStoreOptions = {}): LimitStore {
  refuseUnknown("memoryLimitStore", options, OPTIONS);
  const { maxKeys = 10_000, clock = systemClock } = options;
  if (!Number.isSafeInteger(maxKeys) || maxKeys < 1)
    throw new InvalidArgumentError("`maxKeys` as an integer >= 1", maxKeys);
  assertClock(clock);
  const tatsOfKeys = new Map<string, number[]>();
  return {
    async charge(policies, key, cost) {
      const nowUs = Math.round(clock.now() * 1_000);
      const tatsUs = tatsOfKeys.get(key) ?? policies.map(() => 0);
      const isAllowed = charge(policies, tatsUs, nowUs, cost);
      // Taken out and put back: a Map keeps its keys in the order in which they were put.
      tatsOfKeys.delete(key);
      if (tatsUs.some((tatUs) => tatUs > nowUs)) tatsOfKeys.set(key, tatsUs);
      for (const oldest of tatsOfKeys.keys()) {
        if (tatsOfKeys.size <= maxKeys) break;
        tatsOfKeys.delete(oldest);
      }
      return { isAllowed, debtsUs: tatsUs.map((tatUs) => Math.max(0, tatUs - nowUs)) };
    },
    async reset(key) {
      tatsOfKeys.delete(key);
    },
  };
}
