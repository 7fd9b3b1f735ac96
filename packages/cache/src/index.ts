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
  PatchOptions,
  ReadOptions,
  RemoveOptions,
  SetOptions,
} from "./definition/definition-options.ts";
export type { LoadContext } from "./flight/load-context.ts";
export { all, key, pattern, tag, type Target } from "./invalidation/target.ts";
export type { PolicyOptions } from "./policy/policy.ts";
export type { CacheStats, DefinitionStats } from "./watch/cache-stats.ts";
export type { DeadLetter, RetriedDeadLetters } from "./write-behind/dead-letters.ts";
export {
  type Change,
  type ChangeWriter,
  type PatchChange,
  type ValueChange,
  type WriteBehind,
  writeBehind,
  type WriteContext,
} from "./write-behind/write-behind.ts";
export {
  WriteBehindClosedError,
  WriteBehindEvictingError,
  WriteBehindFullError,
  WriteBehindModeError,
  WriteBehindNotFlushedError,
} from "./write-behind/write-behind-errors.ts";
export type { WriteBehindOptions } from "./write-behind/write-behind-options.ts";
export type {
  Pending,
  WriteBehindGauges,
  WriteBehindStore,
} from "./write-behind/write-behind-store.ts";
export { writeThrough, type WriteThrough } from "./write-through/write-through.ts";
export { changeTriggerSql, type ChangeTriggerOptions } from "./outside-writes/change-trigger.ts";
export {
  type ChangeWatch,
  type ListeningClient,
  type RowChange,
  watchChanges,
  type WatchChangesOptions,
} from "./outside-writes/watch-changes.ts";
