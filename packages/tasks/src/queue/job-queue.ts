import { tracingChannel } from "node:diagnostics_channel";
import { isDeepStrictEqual } from "node:util";
import {
  type Duration,
  InvalidArgumentError,
  JOB_CHANNEL,
  type JobMessage,
  systemClock,
  toMs,
} from "@upshift/foundation";
import type { Queryable } from "@upshift/postgres";
import type { JobSchedulerJson } from "bullmq";
import type { JobOptions } from "./job.ts";
import type { BullQueue, JobBackend, JobEnvelope, NewJob } from "./job-backend.ts";
import { assertJobData } from "./job-data.ts";
import { createJobEvents, type JobEvents } from "./job-events.ts";
import { type AddOptions, toAddOptions, toBullOptions, toKeepOptions } from "./job-options.ts";
import { JobNotAcknowledgedError } from "./queue-errors.ts";
import { createDeadLetters, type DeadLetters } from "./dead-letters.ts";
import { assertCron } from "./schedule-times.ts";
import { bounded, createQueueCall, type QueueCall, type QueueCallOptions } from "./bounded.ts";
import { closeBounded } from "./close-bounded.ts";
import { createBacklog } from "./backlog.ts";
import { SharedTimer } from "./shared-timer.ts";

export interface AddCallOptions extends AddOptions {
  /**
   * The caller's database transaction: the job exists when it commits, and never when it does not. With the PostgreSQL backend in the same tables, with Redis by way of the outbox.
   */
  readonly tx?: Queryable;
  /** W3C Trace Context for the worker; default: what `defineJobs` was told to ask. */
  readonly traceparent?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface Schedule {
  readonly id: string;
  readonly cron: string | undefined;
  readonly everyMs: number | undefined;
  readonly timeZone: string | undefined;
  /** When it fires next. */
  readonly nextAtMs: number | undefined;
}

/** When a schedule fires. `cron` has five fields, or six with seconds first. */
export type ScheduleTimes =
  | { readonly cron: string; readonly timeZone?: string }
  | { readonly every: Duration };

/**
 * Adds jobs of one kind, and looks after them.
 *
 * Every call ends within its timeout: {@link QueueTimeoutError} where nothing else is said.
 */
export interface JobQueue<Data, Result> extends JobEvents<Result> {
  readonly name: string;
  /**
   * Adds a job. When it resolves the backend has acknowledged it, and it will run at least once.
   *
   * @returns its id; that of the job that is there already when it is a duplicate
   * @throws {JobDataError} when the data does not survive JSON
   * @throws {JobNotAcknowledgedError} when the backend does not answer; add again with the same id
   */
  add(data: Data, options?: AddCallOptions): Promise<string>;
  /** Adds jobs in one round trip. */
  addMany(
    jobs: readonly { readonly data: Data; readonly options?: AddOptions }[],
    options?: Pick<AddCallOptions, "tx" | "traceparent" | "signal">,
  ): Promise<readonly string[]>;
  /** Fires at these times until it is taken back. The same id again, as each deploy does, changes it in place. */
  schedule(id: string, times: ScheduleTimes, data: Data, options?: QueueCallOptions): Promise<void>;
  /** @returns whether there was one */
  unschedule(id: string, options?: QueueCallOptions): Promise<boolean>;
  schedules(options?: QueueCallOptions): Promise<readonly Schedule[]>;
  /** How many jobs are in which state. */
  counts(options?: QueueCallOptions): Promise<Readonly<Record<string, number>>>;
  /** Jobs that have failed for good. */
  readonly deadLetters: DeadLetters<Data>;
}

export interface JobQueueSettings {
  readonly addTimeoutMs: number;
  readonly traceparent: (() => string | undefined) | undefined;
}

const MAX_BYTES = 262_144;
const LARGEST_PAGE = 10_000;

export function createJobQueue<Data, Result>(
  name: string,
  definition: JobOptions<Data>,
  backend: JobBackend,
  settings: JobQueueSettings,
): JobQueue<Data, Result> & {
  readonly bull: () => BullQueue;
  readonly call: QueueCall;
  close(timeoutMs: number): Promise<void>;
} {
  const { dedupe: _dedupe, ...common } = definition;
  const defaults = toBullOptions(name, common);
  // For its workers; what is wrong is said here.
  toKeepOptions(name, definition.keep);
  const channel = tracingChannel<string, JobMessage>(JOB_CHANNEL);
  let opened: BullQueue | undefined;
  const bull = (): BullQueue => (opened ??= backend.queue(name));
  const backlog = createBacklog(name);
  const call = createQueueCall(name, settings.addTimeoutMs, backlog);
  const addTimer = new SharedTimer(settings.addTimeoutMs, systemClock);
  const events = createJobEvents<Result>(() => backend.events(name), bull, call, backlog);

  const envelope = (data: Data, traceparent: string | undefined): JobEnvelope => {
    assertJobData(name, data, definition.maxBytes ?? MAX_BYTES);
    return traceparent === undefined ? { data } : { data, traceparent };
  };
  const newJob = (data: Data, options: AddOptions, traceparent: string | undefined): NewJob => ({
    name,
    data: envelope(data, traceparent),
    opts: toAddOptions(definition, defaults, data, options),
  });
  const contextOf = (options: Pick<AddCallOptions, "traceparent">): string | undefined =>
    options.traceparent ?? settings.traceparent?.();
  /** Ends in time, told to whoever listens. */
  const acknowledged = <T>(
    ids: () => readonly string[],
    traceparent: string | undefined,
    { tx, signal }: Pick<AddCallOptions, "tx" | "signal">,
    send: () => Promise<T>,
  ): Promise<T> => {
    const sent = (): Promise<T> =>
      tx === undefined
        ? bounded(send(), {
            timer: addTimer,
            signal,
            failure: () => new JobNotAcknowledgedError(name, ids(), settings.addTimeoutMs),
            backlog,
          })
        : send();
    if (!channel.start.hasSubscribers) return sent();
    const message: JobMessage = {
      operation: "add",
      queue: name,
      jobIds: ids(),
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    return channel.tracePromise(sent, message);
  };
  const addOne = async (data: Data, options: AddCallOptions): Promise<string> => {
    const { tx, signal } = options;
    signal?.throwIfAborted();
    const traceparent = contextOf(options);
    const job = newJob(data, options, traceparent);
    const { jobId } = job.opts;
    if (tx === undefined) backlog.assertRoom();
    const send = async (): Promise<string> => {
      if (tx !== undefined) return (await backend.addInTransaction(tx, bull(), [job]))[0] ?? jobId;
      return (await bull().add(name, job.data, job.opts)).id ?? jobId;
    };
    return acknowledged(() => [jobId], traceparent, options, send);
  };
  const addAll = async (
    jobs: readonly { readonly data: Data; readonly options?: AddOptions }[],
    options: Pick<AddCallOptions, "tx" | "traceparent" | "signal">,
  ): Promise<readonly string[]> => {
    const { tx, signal } = options;
    signal?.throwIfAborted();
    const traceparent = contextOf(options);
    const fresh = jobs.map(({ data, options: own = {} }) => newJob(data, own, traceparent));
    if (fresh.length === 0) return [];
    if (tx === undefined) backlog.assertRoom();
    const ids = fresh.map(({ opts }) => opts.jobId);
    const send = async (): Promise<readonly string[]> => {
      if (tx !== undefined) return backend.addInTransaction(tx, bull(), fresh);
      const added = await bull().addBulk(fresh);
      return added.map(({ id }, index) => id ?? ids[index] ?? "");
    };
    return acknowledged(() => ids, traceparent, options, send);
  };

  return {
    name,
    bull,
    call,
    add: (data, options = {}) => addOne(data, options),
    addMany: (jobs, options = {}) => addAll(jobs, options),
    async schedule(id, times, data, options) {
      if (id === "" || id.includes(":")) throw new InvalidArgumentError("`id` without a colon", id);
      const repeat =
        "cron" in times
          ? assertCron(times.cron, times.timeZone ?? "UTC")
          : { every: Math.max(1, Math.round(toMs(times.every, "every"))) };
      const template = { name, data: envelope(data, undefined), opts: defaults };
      // Every process of a fleet says this when it starts. Setting what is set already would take the next job away and make it anew, past its moment perhaps.
      const set = async (): Promise<void> => {
        const known = await bull().getJobScheduler(id);
        if (known !== undefined && isSame(known, repeat, template)) return;
        await bull().upsertJobScheduler(id, repeat, template);
      };
      await call("schedule", set, options);
    },
    unschedule: (id, options) => call("unschedule", () => bull().removeJobScheduler(id), options),
    async schedules(options) {
      const found = await call(
        "schedules",
        () => bull().getJobSchedulers(0, LARGEST_PAGE),
        options,
      );
      return found.map(({ key, pattern, every, tz, next }) => ({
        id: key,
        cron: pattern,
        everyMs: every,
        timeZone: tz,
        nextAtMs: next,
      }));
    },
    counts: (options) => call("counts", () => bull().getJobCounts(), options),
    deadLetters: createDeadLetters<Data>(bull, call),
    on: (event, listener, options) => events.on(event, listener, options),
    wait: (id, options) => events.wait(id, options),
    async close(timeoutMs) {
      await Promise.all([
        events.close(timeoutMs),
        opened === undefined ? undefined : closeBounded(opened, timeoutMs),
      ]);
    },
  };
}

function isSame(
  known: JobSchedulerJson,
  repeat: { readonly pattern?: string; readonly tz?: string; readonly every?: number },
  template: { readonly data: unknown; readonly opts: unknown },
): boolean {
  return (
    known.pattern === repeat.pattern &&
    (repeat.pattern === undefined || known.tz === repeat.tz) &&
    known.every === repeat.every &&
    isDeepStrictEqual(known.template?.data, template.data) &&
    isDeepStrictEqual(known.template?.opts, template.opts)
  );
}
