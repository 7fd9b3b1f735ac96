import type { DefinitionStats } from "./cache-stats.ts";

/** {@link DefinitionStats} while they grow. */
export class Counters implements DefinitionStats {
  memoryHits = 0;
  redisHits = 0;
  misses = 0;
  loads = 0;
  loadFailures = 0;
  loadTimeouts = 0;
  staleServed = 0;
  refusedFills = 0;
  stampedesAbsorbed = 0;
  earlyRefreshes = 0;
  invalidations = 0;
  redisFailures = 0;
  decodeFailures = 0;

  snapshot(): DefinitionStats {
    return Object.assign({}, this);
  }
}
