import type { DefinitionStats } from "../src/watch/cache-stats.ts";

/** A number of its own for each. */
export const sampleCounts: DefinitionStats = {
  memoryHits: 1,
  redisHits: 2,
  misses: 3,
  loads: 4,
  loadFailures: 5,
  loadTimeouts: 6,
  staleServed: 7,
  refusedFills: 8,
  stampedesAbsorbed: 9,
  earlyRefreshes: 10,
  invalidations: 11,
  redisFailures: 12,
  decodeFailures: 13,
};
