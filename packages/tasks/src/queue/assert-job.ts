import { assertFunctions, refuseUnknown } from "@upshift/foundation";
import type { JobOptions } from "./job.ts";

const OPTIONS: ReadonlySet<keyof JobOptions<unknown>> = new Set([
  "attempts",
  "backoff",
  "retryable",
  "timeout",
  "dedupe",
  "priority",
  "rateLimit",
  "keep",
  "maxBytes",
]);
const BACKOFF_OPTIONS = new Set(["type", "delay", "jitterRatio"]);
const RATE_OPTIONS = new Set(["max", "per"]);
const KEEP_OPTIONS = new Set(["completed", "failed"]);
const LIMIT_OPTIONS = new Set(["count", "age"]);

/** What can be said of a kind before it has a name; the rest is said by `defineJobs`. @throws {InvalidArgumentError} */
export function assertJob<Data>(options: JobOptions<Data>): void {
  refuseUnknown("job", options, OPTIONS);
  const { backoff, retryable, dedupe, rateLimit, keep } = options;
  assertFunctions({ retryable, dedupe });
  if (backoff !== undefined) refuseUnknown("backoff", backoff, BACKOFF_OPTIONS);
  if (rateLimit !== undefined) refuseUnknown("rateLimit", rateLimit, RATE_OPTIONS);
  if (keep === undefined) return;
  refuseUnknown("keep", keep, KEEP_OPTIONS);
  if (keep.completed !== undefined) refuseUnknown("keep.completed", keep.completed, LIMIT_OPTIONS);
  if (keep.failed !== undefined) refuseUnknown("keep.failed", keep.failed, LIMIT_OPTIONS);
}
