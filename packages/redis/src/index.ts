export { assertRedis } from "./assert-redis.ts";
export type { GivenRedis } from "./clients/given-routes.ts";
export type { ConnectRedisOptions } from "./connect/connect-options.ts";
export { type ClusterNodes, connectRedis } from "./connect/connect-redis.ts";
export type {
  Argument,
  CommandOptions,
  CommandTarget,
  ConnectionWatcher,
  DedicatedConnection,
  Key,
  Redis,
  RedisGauges,
  Reply,
  Subscriber,
  Subscription,
  WaitOptions,
} from "./redis.ts";
export {
  RedisClientMissingError,
  RedisConnectionLostError,
  RedisReplyError,
  RedisTimeoutError,
  RedisUnavailableError,
} from "./redis-errors.ts";
export { defineScript, type Script } from "./script.ts";
export {
  type Field,
  type FieldValue,
  json,
  type JsonField,
  nullable,
  type NullableField,
  optional,
  type OptionalField,
  type PatchOf,
  type RecordOf,
  type Schema,
} from "./hash-record/field.ts";
export { hashRecord, type HashRecord, type UpdateOptions } from "./hash-record/hash-record.ts";
export type { HashRecordOptions } from "./hash-record/lifetime.ts";
export { HashFieldError, RedisUnsupportedError } from "./hash-record/hash-record-errors.ts";
export type { BoardEntry, BoardReader } from "./leaderboard/board-reader.ts";
export type { WindowName } from "./leaderboard/board-window.ts";
export {
  leaderboard,
  type Leaderboard,
  type LeaderboardOptions,
  type Scores,
} from "./leaderboard/leaderboard.ts";
export { ScoreOverflowError } from "./leaderboard/leaderboard-errors.ts";
export { lock, type Lock, type LockOptions, withLock } from "./lock/lock.ts";
export { LockLostError, LockTakenError } from "./lock/lock-errors.ts";
export type { LimitStore } from "./rate-limit/limit-store.ts";
export { memoryLimitStore, type MemoryLimitStoreOptions } from "./rate-limit/memory-limit-store.ts";
export type { PolicyInput } from "./rate-limit/policy.ts";
export type { Decision, PolicyState } from "./rate-limit/decision.ts";
export { rateLimit, type RateLimit, type RateLimitOptions } from "./rate-limit/rate-limit.ts";
export { rateLimitHeaders, type RateLimitHeaders } from "./rate-limit/rate-limit-headers.ts";
export { escapeGlob } from "./scan/escape-glob.ts";
export {
  removeByPattern,
  type RemoveByPatternOptions,
  type RemovedByPattern,
} from "./scan/remove-by-pattern.ts";
export { scan } from "./scan/scan.ts";
export type { ScanOptions } from "./scan/scan-pages.ts";
