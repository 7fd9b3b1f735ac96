export { assertClock, assertTimerClock } from "./assert-clock.ts";
export { assertFunction, assertFunctions } from "./assert-functions.ts";
export { CACHE_CHANNEL, type CacheMessage } from "./channels/cache-channel.ts";
export { JOB_CHANNEL, type JobMessage } from "./channels/job-channel.ts";
export { type Clock, delay, systemClock, type TimerClock, type TimerOptions } from "./clock.ts";
export { type Duration, toMs } from "./duration.ts";
export { InvalidArgumentError } from "./invalid-argument-error.ts";
export { kindOf } from "./kind-of.ts";
export { DerivedSignal, type TaskContext } from "./map-limit/derived-signal.ts";
export {
  LimitedRun,
  type LimitedRunHandlers,
  type LimitedRunOptions,
} from "./map-limit/limited-run.ts";
export { mapLimit } from "./map-limit/map-limit.ts";
export type {
  Items,
  ItemTask,
  MapLimitOptions,
  MapLimitProgress,
} from "./map-limit/map-limit-options.ts";
export {
  type MapLimitStream,
  mapLimitStream,
  type MapLimitStreamOptions,
} from "./map-limit/map-limit-stream.ts";
export type { Failure, ItemOutcome, Outcome, Success } from "./map-limit/outcome.ts";
export { refuseUnknown } from "./refuse-unknown.ts";
export { hasErrorCode, UpshiftError } from "./upshift-error.ts";
