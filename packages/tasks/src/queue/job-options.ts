import { createHash, randomUUID } from "node:crypto";
import { type Duration, InvalidArgumentError, refuseUnknown, toMs } from "@upshift/foundation";
import type { JobsOptions, KeepJobs, WorkerOptions } from "bullmq";
import type { JobOptions, KeepLimit } from "./job.ts";
import { isRefusedByPostgres } from "./job-data.ts";

/** What is said of one job, over what its kind says. */
export interface AddOptions {
  /** Not before this has passed. */
  readonly delay?: Duration;
  readonly priority?: number;
  /** Of your own, for example of the request: a job whose id is there is not added again. Default is random. */
  readonly id?: string;
  /** Jobs of equal text are one, as long as the first has not ended. Default: the kind's `dedupe`. */
  readonly dedupe?: string;
}

/** Those of the call among them. */
const ADD_OPTIONS: ReadonlySet<keyof AddOptions | "tx" | "traceparent" | "signal"> = new Set([
  "delay",
  "priority",
  "id",
  "dedupe",
  "tx",
  "traceparent",
  "signal",
]);
const DEFAULT_ATTEMPTS = 3;
const DEFAULT_BACKOFF = { type: "exponential", delay: "1s" } as const;
const BACKOFFS: ReadonlySet<string> = new Set(["exponential", "fixed"]);
const DEFAULT_JITTER_RATIO = 0.5;
const DEFAULT_KEEP = {
  completed: { count: 1_000, age: "1d" },
  failed: { count: 10_000, age: "14d" },
} as const;
const LONGEST_ID = 500;
const LOWEST_PRIORITY = 2_097_151;

/** What a kind of job says to BullMQ of each of its jobs. @throws {InvalidArgumentError} */
export function toBullOptions(name: string, options: JobOptions<never>): JobsOptions {
  const { attempts = DEFAULT_ATTEMPTS, backoff = DEFAULT_BACKOFF } = options;
  if (!Number.isSafeInteger(attempts) || attempts < 1)
    throw new InvalidArgumentError(`\`${name}.attempts\` as an integer >= 1`, attempts);
  const jitter =
    ("jitterRatio" in backoff ? backoff.jitterRatio : undefined) ?? DEFAULT_JITTER_RATIO;
  if (!(jitter >= 0 && jitter <= 1))
    throw new InvalidArgumentError(`\`${name}.backoff.jitterRatio\` from 0 to 1`, jitter);
  if (!BACKOFFS.has(backoff.type))
    throw new InvalidArgumentError(
      `\`${name}.backoff.type\` as exponential or fixed`,
      backoff.type,
    );
  return {
    attempts,
    backoff: { type: backoff.type, delay: toMs(backoff.delay, `${name}.backoff.delay`), jitter },
    ...(options.priority === undefined ? {} : { priority: assertPriority(options.priority) }),
  };
}

/** What holds for the attempts of a kind. */
export interface AttemptLimits {
  readonly timeoutMs: number | undefined;
  /** As BullMQ says it: so many jobs start in so many ms. */
  readonly limiter: { readonly max: number; readonly duration: number } | undefined;
}

/** @throws {InvalidArgumentError} */
export function toAttemptLimits(
  name: string,
  { timeout, rateLimit }: Pick<JobOptions<never>, "timeout" | "rateLimit">,
): AttemptLimits {
  const timeoutMs = timeout === undefined ? undefined : toPositiveMs(timeout, `${name}.timeout`);
  if (rateLimit === undefined) return { timeoutMs, limiter: undefined };
  const { max, per } = rateLimit;
  if (!Number.isSafeInteger(max) || max < 1)
    throw new InvalidArgumentError(`\`${name}.rateLimit.max\` as an integer >= 1`, max);
  return { timeoutMs, limiter: { max, duration: toPositiveMs(per, `${name}.rateLimit.per`) } };
}

/** BullMQ counts whole milliseconds. @throws {InvalidArgumentError} for less than one, where none has no meaning */
export function toPositiveMs(duration: Duration, name: string): number {
  const ms = Math.round(toMs(duration, name));
  if (ms < 1) throw new InvalidArgumentError(`\`${name}\` of at least 1 ms`, duration);
  return ms;
}

/** What a worker says to BullMQ of the jobs that end with it. It is the same for all of a kind, so no job carries it: it would be sent, kept and read with each. @throws {InvalidArgumentError} */
export function toKeepOptions(
  name: string,
  keep: JobOptions<never>["keep"],
): Required<Pick<WorkerOptions, "removeOnComplete" | "removeOnFail">> {
  return {
    removeOnComplete: toKeepJobs(name, keep?.completed ?? DEFAULT_KEEP.completed),
    removeOnFail: toKeepJobs(name, keep?.failed ?? DEFAULT_KEEP.failed),
  };
}

/** What one call says over it. */
export function toAddOptions<Data>(
  definition: JobOptions<Data>,
  defaults: JobsOptions,
  data: Data,
  options: AddOptions,
): JobsOptions & { readonly jobId: string } {
  refuseUnknown("add", options, ADD_OPTIONS);
  const dedupe = options.dedupe ?? definition.dedupe?.(data);
  const bullOptions: JobsOptions & { jobId: string } = {
    ...defaults,
    jobId: options.id === undefined ? randomUUID() : assertJobId(options.id),
  };
  if (options.delay !== undefined) bullOptions.delay = Math.ceil(toMs(options.delay, "delay"));
  if (options.priority !== undefined) bullOptions.priority = assertPriority(options.priority);
  // Any text may be what makes jobs equal; BullMQ makes a key of it.
  if (dedupe !== undefined && typeof dedupe !== "string")
    throw new InvalidArgumentError("`dedupe` as text", dedupe);
  if (dedupe !== undefined)
    bullOptions.deduplication = { id: createHash("sha256").update(dedupe).digest("base64url") };
  return bullOptions;
}

/** BullMQ counts in seconds, and needs an age or a count. */
function toKeepJobs(name: string, { count, age }: KeepLimit): KeepJobs {
  if (count !== undefined && (!Number.isSafeInteger(count) || count < 0))
    throw new InvalidArgumentError(`\`${name}.keep\` with counts >= 0`, count);
  if (age === undefined) return { count: count ?? DEFAULT_KEEP.failed.count };
  const ageSeconds = Math.ceil(toMs(age, `${name}.keep.age`) / 1_000);
  return count === undefined ? { age: ageSeconds } : { age: ageSeconds, count };
}

function assertPriority(priority: number): number {
  if (!Number.isSafeInteger(priority) || priority < 0 || priority > LOWEST_PRIORITY)
    throw new InvalidArgumentError(`\`priority\` from 0 to ${LOWEST_PRIORITY}`, priority);
  return priority;
}

/** BullMQ makes keys of ids, and takes whole numbers for its own; an index of PostgreSQL holds no long ones. */
function assertJobId(id: string): string {
  const isFit =
    typeof id === "string" &&
    id !== "" &&
    id.length <= LONGEST_ID &&
    // oxlint-disable-next-line no-control-regex
    !/[:\u0000-\u001f]|^\d+$/.test(id) &&
    !isRefusedByPostgres(id);
  if (!isFit)
    throw new InvalidArgumentError(
      `\`id\` as text of at most ${LONGEST_ID} characters that has no colon and is no whole number`,
      id,
    );
  return id;
}
