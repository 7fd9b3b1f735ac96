export { type Cache, createCache } from "./cache.ts";
export {
  CacheClosedError,
  CacheLoadFailedElsewhereError,
  CacheLoadTimeoutError,
  CacheNotAcknowledgedError,
} from "./cache-errors.ts";
export type { CacheOptions, Events, EventTargets, PayloadOf } from "./cache-options.ts";
export type { Codec } from "./codec/codec.ts";
export { defaultCodec } from "./codec/default-codec.ts";
export { CacheValueError } from "./codec/cache-value-error.ts";
export type {
  Definition,
  DefinitionOptions,
  InvalidateOptions,
  InvalidationResult,
  ReadOptions,
  RemoveOptions,
  SetOptions,
} from "./definition/definition-options.ts";
export type { LoadContext } from "./flight/load-context.ts";
export { all, key, pattern, tag, type Target } from "./invalidation/target.ts";
export type { PolicyOptions } from "./policy/policy.ts";
export type { CacheStats, DefinitionStats } from "./watch/cache-stats.ts";
export { writeThrough, type WriteThrough } from "./write-through/write-through.ts";
