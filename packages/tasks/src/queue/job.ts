import type { Duration } from "@upshift/foundation";
import { assertJob } from "./assert-job.ts";

/** One kind of job: what it is given, how it is repeated, how long it is kept. Made by {@link job}. */
export interface JobDefinition<Data, Result> {
  readonly options: JobOptions<Data>;
  /** Never set: they carry the types. */
  readonly data?: Data;
  readonly result?: Result;
}

export interface JobOptions<Data> {
  /** Runs at most so often, the first time included. Default is 3. */
  readonly attempts?: number;
  /** The pause before another attempt. Default is exponential from 1 s with half of it random. */
  readonly backoff?: JobBackoff;
  /** An error for which another attempt is of no use. Default: all are tried again. */
  readonly retryable?: (error: unknown) => boolean;
  /** Aborts the job's signal; the attempt has failed when the handler then ends. Default: none. */
  readonly timeout?: Duration;
  /** Jobs of equal text are one job, as long as it has not ended. */
  readonly dedupe?: (data: Data) => string;
  /** From 1, the most urgent, to 2,097,151; without one a job comes before all that have one. */
  readonly priority?: number;
  /** All workers together start at most so many in a time. */
  readonly rateLimit?: { readonly max: number; readonly per: Duration };
  /** How many ended jobs are kept, and how long. Default: 1,000 completed for a day, 10,000 failed for 14 days. */
  readonly keep?: { readonly completed?: KeepLimit; readonly failed?: KeepLimit };
  /** Largest data of a job as JSON. Default is 256 KiB: pass ids, not objects. */
  readonly maxBytes?: number;
}

export interface JobBackoff {
  readonly type: "exponential" | "fixed";
  readonly delay: Duration;
  /** 0 to 1: how much of the pause is random. Default is 0.5. */
  readonly jitterRatio?: number;
}

/** Whichever is reached first. */
export interface KeepLimit {
  readonly count?: number;
  readonly age?: Duration;
}

/**
 * Declares a kind of job.
 *
 * ```ts
 * const jobs = defineJobs({ sendMail: job<{ to: string }>({ attempts: 5, timeout: "30s" }) }, { backend });
 * ```
 *
 * @throws {InvalidArgumentError} for options that there are not
 */
export function job<Data, Result = void>(
  options: JobOptions<Data> = {},
): JobDefinition<Data, Result> {
  assertJob(options);
  return { options };
}

export type DataOf<D> = D extends JobDefinition<infer Data, unknown> ? Data : never;
// Data stands in parameters too, so no narrower type than any fits all kinds.
// oxlint-disable-next-line typescript/no-explicit-any
export type ResultOf<D> = D extends JobDefinition<any, infer Result> ? Result : never;
