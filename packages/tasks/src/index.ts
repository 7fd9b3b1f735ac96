export {
  type Failure,
  type ItemOutcome,
  type Items,
  type ItemTask,
  mapLimit,
  type MapLimitOptions,
  type MapLimitProgress,
  type MapLimitStream,
  mapLimitStream,
  type MapLimitStreamOptions,
  type Outcome,
  type Success,
  type TaskContext,
} from "@upshift/foundation";
export { DeadlineError } from "./parallel/deadline-error.ts";
export { parallel, type ParallelOptions, type ParallelResult } from "./parallel/parallel.ts";
export { QuorumError } from "./parallel/quorum-error.ts";
export { settle, type SettleOptions } from "./parallel/settle.ts";
export type {
  Fallback,
  Fallbacks,
  SettledOutcome,
  SettledSuccess,
  SettleResult,
} from "./parallel/settle-types.ts";
export type { Task, TaskList, TaskRecord, Tasks, TaskValue } from "./parallel/task.ts";
export type { BackoffOptions } from "./retry/backoff.ts";
export { type RetryInfo, retryInfo } from "./retry/retry-info.ts";
export { retry } from "./retry/retry.ts";
export type { AttemptContext, RetryOptions, UpcomingRetry } from "./retry/retry-options.ts";
