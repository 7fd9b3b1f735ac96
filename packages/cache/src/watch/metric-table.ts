import type { CacheStats, DefinitionStats } from "./cache-stats.ts";

/** One number of `CacheStats`, as monitoring systems name it. */
export interface Metric {
  /** `hits` of `upshift_cache_hits_total` and `upshift.cache.hits`; an underscore stands between words, a dot between levels of names. */
  readonly name: string;
  readonly help: string;
  /** A counter only grows; a level goes up and down, and levels of several processes add up; a state is 0 or 1. */
  readonly kind: "counter" | "level" | "state";
  /** As OpenTelemetry writes units: `By` for bytes, a thing in braces. */
  readonly unit: string;
}

/** A metric with one number for each definition. */
export interface DefinitionMetric extends Metric {
  readonly kind: "counter";
  read(stats: DefinitionStats): readonly Reading[];
}

/** A metric of the whole cache. */
export interface CacheMetric extends Metric {
  /** @returns undefined where there is no Redis */
  read(stats: CacheStats): number | undefined;
}

interface Reading {
  readonly value: number;
  /** What answered, where that is told apart. */
  readonly level?: "memory" | "redis";
}

export const DEFINITION_METRICS: readonly DefinitionMetric[] = [
  {
    name: "hits",
    help: "Reads answered with a fresh value, by the level that had it",
    kind: "counter",
    unit: "{read}",
    read: (stats) => [
      { value: stats.memoryHits, level: "memory" },
      { value: stats.redisHits, level: "redis" },
    ],
  },
  counter(
    "misses",
    "{read}",
    "Reads that no level could answer with a fresh value",
    (stats) => stats.misses,
  ),
  counter("loads", "{load}", "Loads that were begun", (stats) => stats.loads),
  counter("load.failures", "{load}", "Loads that failed", (stats) => stats.loadFailures),
  counter(
    "load.timeouts",
    "{load}",
    "Loads that took longer than they may",
    (stats) => stats.loadTimeouts,
  ),
  counter(
    "stale_reads",
    "{read}",
    "Reads answered with a value past its time",
    (stats) => stats.staleServed,
  ),
  counter(
    "refused_fills",
    "{value}",
    "Loaded values that were not kept, since something had invalidated them meanwhile",
    (stats) => stats.refusedFills,
  ),
  counter(
    "absorbed_reads",
    "{read}",
    "Reads that waited for the load of another in place of loading",
    (stats) => stats.stampedesAbsorbed,
  ),
  counter(
    "early_refreshes",
    "{load}",
    "Loads that began before the value was too old",
    (stats) => stats.earlyRefreshes,
  ),
  counter("invalidations", "{invalidation}", "Invalidations", (stats) => stats.invalidations),
  counter(
    "redis.failures",
    "{call}",
    "Calls of Redis that failed, timed out or were not made while the breaker was open",
    (stats) => stats.redisFailures,
  ),
  counter(
    "decode.failures",
    "{value}",
    "Values in Redis that could not be read",
    (stats) => stats.decodeFailures,
  ),
];

export const CACHE_METRICS: readonly CacheMetric[] = [
  {
    name: "memory.entries",
    help: "Entries in memory",
    kind: "level",
    unit: "{entry}",
    read: ({ memory }) => memory.entryCount,
  },
  {
    name: "memory.size",
    help: "Bytes that the entries in memory take, about",
    kind: "level",
    unit: "By",
    read: ({ memory }) => memory.sizeBytes,
  },
  {
    name: "memory.evictions",
    help: "Entries that went from memory to make room",
    kind: "counter",
    unit: "{entry}",
    read: ({ memory }) => memory.evictedCount,
  },
  {
    name: "redis.breaker_open",
    help: "Whether reads go past Redis after failures",
    kind: "state",
    unit: "1",
    read: ({ redis }) => (redis.breaker === "none" ? undefined : Number(redis.breaker === "open")),
  },
  {
    name: "redis.in_sync",
    help: "Whether invalidations of other processes are known to arrive",
    kind: "state",
    unit: "1",
    read: ({ redis }) => (redis.breaker === "none" ? undefined : Number(redis.isInSync)),
  },
  {
    name: "redis.queued_invalidations",
    help: "Invalidations that Redis has not taken yet",
    kind: "level",
    unit: "{invalidation}",
    read: ({ redis }) => (redis.breaker === "none" ? undefined : redis.queuedInvalidationCount),
  },
];

function counter(
  name: string,
  unit: string,
  help: string,
  read: (stats: DefinitionStats) => number,
): DefinitionMetric {
  return { name, unit, help, kind: "counter", read: (stats) => [{ value: read(stats) }] };
}
