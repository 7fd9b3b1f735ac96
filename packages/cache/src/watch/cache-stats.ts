/** What happened under one definition since the cache was created. All are counts. */
export interface DefinitionStats {
  readonly memoryHits: number;
  readonly redisHits: number;
  /** Reads that neither level could answer with a fresh value. */
  readonly misses: number;
  readonly loads: number;
  readonly loadFailures: number;
  readonly loadTimeouts: number;
  /** Reads answered with a value past its time. */
  readonly staleServed: number;
  /** Values that were loaded and not kept, since something had invalidated them meanwhile. */
  readonly refusedFills: number;
  /** Reads that joined a load of this process, or waited for one of another process, in place of loading. */
  readonly stampedesAbsorbed: number;
  /** Loads that began before the value was too old. */
  readonly earlyRefreshes: number;
  readonly invalidations: number;
  /** Calls of Redis that failed, timed out, or were skipped while the breaker was open. */
  readonly redisFailures: number;
  /** Values in Redis that could not be read, and count as missing. */
  readonly decodeFailures: number;
}

export interface CacheStats {
  readonly definitions: Readonly<Record<string, DefinitionStats>>;
  readonly memory: {
    readonly entryCount: number;
    readonly sizeBytes: number;
    readonly evictedCount: number;
  };
  readonly redis: {
    /** `none` without Redis; `open` while reads go past it after failures. */
    readonly breaker: "none" | "closed" | "open";
    /** Whether invalidations of other processes are known to arrive. */
    readonly isInSync: boolean;
    /** Invalidations that Redis has not taken yet. */
    readonly queuedInvalidationCount: number;
  };
}
