import { type TracingChannel, tracingChannel } from "node:diagnostics_channel";
import {
  assertFunctions,
  type Duration,
  hasErrorCode,
  InvalidArgumentError,
  JOB_CHANNEL,
  type JobMessage,
  refuseUnknown,
  systemClock,
  toMs,
} from "@upshift/foundation";
import { UnrecoverableError, WaitingError } from "bullmq";
import { createHeldJobs, type HeldJobs } from "./held-jobs.ts";
import { createBacklog } from "./backlog.ts";
import { createQueueCall, isOverWithin, type QueueCall, type QueueCallOptions } from "./bounded.ts";
import { abandon, stopRenewing } from "./close-bounded.ts";
import type { JobOptions } from "./job.ts";
import { toAttemptLimits, toKeepOptions, toPositiveMs } from "./job-options.ts";
import { tell } from "./tell.ts";
import { toFailure } from "./attempt-failure.ts";
import { Attempt, type JobContext } from "./job-context.ts";
import type { BullJob, BullWorker, JobBackend } from "./job-backend.ts";

export type JobHandler<Data, Result> = (
  data: Data,
  context: JobContext,
) => Promise<Result> | Result;

export interface WorkOptions<Name extends string = string> {
  /** Jobs of a kind at the same time in this process; or by kind, `{ sendMail: 50, report: 1 }`. Default is 10. */
  readonly concurrency?: number | { readonly [Kind in Name]?: number };
  /** How long a job stays with a worker that is not heard of; renewed at half of it. Another worker takes it up after it, and at most as long again. Default is `'30s'`. */
  readonly lock?: Duration;
  /** How often a job may be taken from workers that died before it is given up. Default is 10. */
  readonly maxLostLocks?: number;
  /** Told what goes wrong beside the jobs: a lost connection, a lock that could not be renewed. Default: ignored, it is tried again. */
  readonly onError?: (error: unknown) => void;
}

/** Works until it is closed. */
export interface JobWorker {
  /**
   * Takes no more jobs and waits for those it has. After `timeout` (default 30 s) their signals are aborted: a handler that stops gives its job back to the queue; one that does not is left, and its job is
   * taken up by another worker when its lock ends.
   */
  close(options?: { readonly timeout?: Duration }): Promise<void>;
  /** Resolves once it is connected. @throws {QueueTimeoutError} when it is not within `timeout` (default 30 s); it goes on trying */
  ready(options?: QueueCallOptions): Promise<void>;
  /** Jobs that handlers are at work on. */
  readonly activeCount: number;
}

const DEFAULT_CONCURRENCY = 10;
const DEFAULT_LOST_LOCKS = 10;
/** For handlers to stop after their signal was aborted. */
const LAST_WORD_MS = 5_000;
/** After a call to a backend that has gone; BullMQ's own 15 s are half a lock. */
const RETRY_MS = 1_000;
const READY_TIMEOUT_MS = 30_000;

/** Runs the jobs of one kind. */
export function startWorker<Data, Result>(
  name: string,
  definition: JobOptions<Data>,
  handler: JobHandler<Data, Result>,
  backend: JobBackend,
  options: Omit<WorkOptions, "concurrency"> & { readonly concurrency: number | undefined },
): JobWorker {
  const { concurrency = DEFAULT_CONCURRENCY, maxLostLocks = DEFAULT_LOST_LOCKS, onError } = options;
  const lockMs = toPositiveMs(options.lock ?? "30s", "lock");
  const { timeoutMs, limiter } = toAttemptLimits(name, definition);
  const held = createHeldJobs({ queue: name, lockMs, timeoutMs, clock: systemClock });
  const backlog = createBacklog(name);
  const call = createQueueCall(name, READY_TIMEOUT_MS, backlog);
  const channel = tracingChannel<string, JobMessage>(JOB_CHANNEL);
  const run: Run<Data, Result> = { name, definition, handler, held, call, channel };
  const process = (job: BullJob, token: string | undefined): Promise<unknown> =>
    runJob(run, job, token);
  const worker = backend.worker(name, process, {
    concurrency,
    lockDuration: lockMs,
    stalledInterval: lockMs,
    maxStalledCount: maxLostLocks,
    runRetryDelay: RETRY_MS,
    ...toKeepOptions(name, definition.keep),
    ...(limiter === undefined ? {} : { limiter }),
  });
  worker.on("error", (error) => tell(onError, error));
  watchRenewals(worker, held);
  let closing: Promise<void> | undefined;
  return {
    get activeCount() {
      return held.count;
    },
    ready: async (readyOptions) =>
      void (await call("ready", () => worker.waitUntilReady(), readyOptions)),
    close({ timeout = "30s" } = {}) {
      closing ??= closeWorker(worker, held, toMs(timeout, "timeout"));
      return closing;
    },
  };
}

/** BullMQ tells when locks were renewed, but not when it asked; and the locks are as old as that. */
function watchRenewals(worker: BullWorker, held: HeldJobs): void {
  const extend = worker.extendJobLocks.bind(worker);
  worker.extendJobLocks = async (ids, tokens, durationMs) => {
    const askedAtMs = systemClock.now();
    const lost = await extend(ids, tokens, durationMs);
    held.lost(lost);
    const isLost = new Set(lost);
    held.renewed(
      ids.filter((id) => !isLost.has(id)),
      askedAtMs,
    );
    return lost;
  };
}

async function closeWorker(worker: BullWorker, held: HeldJobs, timeoutMs: number): Promise<void> {
  const closed = worker.close().catch(() => undefined);
  if (await isOverWithin(closed, timeoutMs)) return;
  if (held.count > 0) {
    held.closing();
    if (await isOverWithin(closed, LAST_WORD_MS)) return;
  }
  await stopRenewing(worker);
  await abandon(worker);
}

const OPTIONS: ReadonlySet<keyof WorkOptions> = new Set([
  "concurrency",
  "lock",
  "maxLostLocks",
  "onError",
]);

/** @throws {InvalidArgumentError} */
export function assertWorkOptions(options: WorkOptions): void {
  refuseUnknown("work", options, OPTIONS);
  const { lock, maxLostLocks, onError } = options;
  assertFunctions({ onError });
  if (lock !== undefined) toPositiveMs(lock, "lock");
  if (maxLostLocks !== undefined && (!Number.isSafeInteger(maxLostLocks) || maxLostLocks < 0))
    throw new InvalidArgumentError("`maxLostLocks` as an integer >= 0", maxLostLocks);
}

export function assertConcurrency(concurrency: number | undefined): void {
  if (concurrency !== undefined && (!Number.isSafeInteger(concurrency) || concurrency < 1))
    throw new InvalidArgumentError("`concurrency` as an integer >= 1", concurrency);
}

/** What one worker does with each of its jobs. */
interface Run<Data, Result> {
  readonly name: string;
  readonly definition: JobOptions<Data>;
  readonly handler: JobHandler<Data, Result>;
  readonly held: HeldJobs;
  readonly call: QueueCall;
  readonly channel: TracingChannel<string, JobMessage>;
}

/** One attempt: what the handler gives completes the job, what it throws fails the attempt. */
async function runJob<Data, Result>(
  run: Run<Data, Result>,
  job: BullJob,
  token: string | undefined,
): Promise<unknown> {
  const { name, definition, handler, held, call, channel } = run;
  const id = job.id ?? "";
  const holding = held.hold(id, job.processedOn ?? systemClock.now());
  const context = new Attempt(job, holding, call);
  const { attempt, traceparent } = context;
  const data: Data = job.data.data;
  try {
    const message: JobMessage | undefined = channel.start.hasSubscribers
      ? {
          operation: "run",
          queue: name,
          jobIds: [id],
          attempt,
          ...(traceparent === undefined ? {} : { traceparent }),
        }
      : undefined;
    const attend = async (): Promise<Result> => {
      const result = await handler(data, context);
      // It ended too late, whatever it gave.
      if (hasErrorCode(holding.reason, "UPSHIFT_JOB_TIMEOUT")) throw holding.reason;
      return result;
    };
    return await (message === undefined ? attend() : channel.tracePromise(attend, message));
  } catch (error) {
    const { reason } = holding;
    if (hasErrorCode(reason, "UPSHIFT_WORKER_CLOSING")) {
      await job.moveToWait(token);
      throw new WaitingError();
    }
    // The timeout is why the handler stopped, whatever it threw.
    const failure = hasErrorCode(reason, "UPSHIFT_JOB_TIMEOUT") ? reason : error;
    if (definition.retryable?.(failure) === false)
      throw new UnrecoverableError(toFailure(failure).message);
    throw toFailure(failure);
  } finally {
    held.release(holding);
  }
}
