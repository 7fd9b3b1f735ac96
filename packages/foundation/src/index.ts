export { type Clock, delay, systemClock, type TimerClock, type TimerOptions } from "./clock.ts";
export { type Duration, toMs } from "./duration.ts";
export { InvalidArgumentError } from "./invalid-argument-error.ts";
export { hasErrorCode, UpshiftError } from "./upshift-error.ts";
