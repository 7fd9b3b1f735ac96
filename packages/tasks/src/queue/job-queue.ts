import { tracingChannel } from "node:diagnostics_channel";
import {
  InvalidArgumentError,
  kindOf,
  JOB_CHANNEL,
  type JobMessage,
  systemClock,
} from "@upshift/foundation";
import type { Queryable } from "@upshift/postgres";
import type { JobOptions } from "./job.ts";
import type { BullQueue, JobBackend, JobEnvelope, NewJob } from "./job-backend.ts";
import { assertJobData, type DataLimits } from "./job-data.ts";
import { createJobEvents, type JobEvents } from "./job-events.ts";
import {
  type AddOptions,
  toAddOptions,
  toAttemptLimits,
  toBullOptions,
  toKeepOptions,
} from "./job-options.ts";
import { JobNotAcknowledgedError, QueueClosedError } from "./queue-errors.ts";
import { createDeadLetters, type DeadLetters } from "./dead-letters.ts";
import { createSchedules, type Schedules } from "./schedules.ts";
import { bounded, createQueueCall, type QueueCall, type QueueCallOptions } from "./bounded.ts";
import { closeBounded } from "./close-bounded.ts";
import { createBacklog } from "./backlog.ts";
import { SharedTimer } from "./shared-timer.ts";

export interface AddCallOptions extends AddOptions {
  /**
   * The caller's database transaction: the job exists when it commits, and never when it does not. With the PostgreSQL backend in the same tables, with Redis by way of the outbox. It takes as long as that connection does.
   */
  readonly tx?: Queryable;
  /** W3C Trace Context for the worker; default: what `defineJobs` was told to ask. */
  readonly traceparent?: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Adds jobs of one kind, and looks after them.
 *
 * Every call ends within its timeout: {@link QueueTimeoutError} where nothing else is said.
 */
export interface JobQueue<Data, Result> extends JobEvents<Result>, Schedules<Data> {
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
  /** How many jobs are in which state. */
  counts(options?: QueueCallOptions): Promise<Readonly<Record<string, number>>>;
  /** Jobs that have failed for good. */
  readonly deadLetters: DeadLetters<Data>;
}

export interface JobQueueSettings {
  readonly addTimeoutMs: number;
  readonly traceparent: (() => string | undefined) | undefined;
}

/** W3C Trace Context, section 3.2; a later version may have more at its end. */
const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}(-[!-~]{0,200})?$/;
const MAX_BYTES = 262_144;

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
  toAttemptLimits(name, common);
  const dataLimits = toDataLimits(name, definition.maxBytes, backend);
  const channel = tracingChannel<string, JobMessage>(JOB_CHANNEL);
  let opened: BullQueue | undefined;
  let isClosed = false;
  const assertOpen = (): void => {
    if (isClosed) throw new QueueClosedError(name);
  };
  const bull = (): BullQueue => {
    assertOpen();
    return (opened ??= backend.queue(name));
  };
  const backlog = createBacklog(name);
  const call = createQueueCall(name, settings.addTimeoutMs, backlog);
  const addTimer = new SharedTimer(settings.addTimeoutMs, systemClock);
  const events = createJobEvents<Result>({
    name,
    open: () => {
      assertOpen();
      return backend.events(name);
    },
    queue: bull,
    call,
    backlog,
  });

  const envelope = (data: Data, traceparent: string | undefined): JobEnvelope => {
    assertJobData(name, data, dataLimits);
    return traceparent === undefined ? { data } : { data, traceparent };
  };
  const newJob = (data: Data, options: AddOptions, traceparent: string | undefined): NewJob => ({
    name,
    data: envelope(data, traceparent),
    opts: toAddOptions(definition, defaults, data, options),
    hasOwnId: options.id !== undefined,
  });
  /** What is no trace context is left out, as its standard has it. */
  const contextOf = (options: Pick<AddCallOptions, "traceparent">): string | undefined => {
    const traceparent = options.traceparent ?? settings.traceparent?.();
    return traceparent !== undefined && TRACEPARENT.test(traceparent) ? traceparent : undefined;
  };
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
    assertTransaction(tx);
    signal?.throwIfAborted();
    const traceparent = contextOf(options);
    const job = newJob(data, options, traceparent);
    const { jobId } = job.opts;
    if (tx === undefined) backlog.assertRoom();
    const send = async (): Promise<string> => {
      const jobs = [job];
      const ids =
        tx === undefined
          ? await backend.add(bull(), jobs)
          : await backend.addInTransaction(tx, bull(), jobs);
      return ids[0] ?? jobId;
    };
    return acknowledged(() => [jobId], traceparent, options, send);
  };
  const addAll = async (
    jobs: readonly { readonly data: Data; readonly options?: AddOptions }[],
    options: Pick<AddCallOptions, "tx" | "traceparent" | "signal">,
  ): Promise<readonly string[]> => {
    const { tx, signal } = options;
    assertTransaction(tx);
    if (!Array.isArray(jobs)) throw new InvalidArgumentError("`jobs` as a list", kindOf(jobs));
    signal?.throwIfAborted();
    const traceparent = contextOf(options);
    const fresh = jobs.map(({ data, options: own = {} }) => newJob(data, own, traceparent));
    if (fresh.length === 0) return [];
    if (tx === undefined) backlog.assertRoom();
    const ids = fresh.map(({ opts }) => opts.jobId);
    const send = async (): Promise<readonly string[]> =>
      tx === undefined ? backend.add(bull(), fresh) : backend.addInTransaction(tx, bull(), fresh);
    return acknowledged(() => ids, traceparent, options, send);
  };

  const schedules = createSchedules<Data>({
    bull,
    call,
    template: (data) => ({ name, data: envelope(data, undefined), opts: defaults }),
  });
  return {
    name,
    bull,
    call,
    add: (data, options = {}) => addOne(data, options),
    addMany: (jobs, options = {}) => addAll(jobs, options),
    ...schedules,
    counts: (options) => call("counts", () => bull().getJobCounts(), options),
    deadLetters: createDeadLetters<Data>(bull, call),
    on: (event, listener, options) => events.on(event, listener, options),
    wait: (id, options) => events.wait(id, options),
    async close(timeoutMs) {
      isClosed = true;
      await Promise.all([
        events.close(timeoutMs),
        opened === undefined ? undefined : closeBounded(opened, timeoutMs),
      ]);
    },
  };
}

/** @throws {InvalidArgumentError} */
function assertTransaction(tx: unknown): void {
  if (tx !== undefined && typeof Object(tx).query !== "function")
    throw new InvalidArgumentError("`tx` as the transaction that is given to its body", kindOf(tx));
}

/** @throws {InvalidArgumentError} */
function toDataLimits(name: string, maxBytes: number | undefined, backend: JobBackend): DataLimits {
  const most = maxBytes ?? MAX_BYTES;
  if (!Number.isSafeInteger(most) || most < 1)
    throw new InvalidArgumentError(`\`${name}.maxBytes\` as an integer >= 1`, most);
  return { maxBytes: most, isKeptAsText: backend.kind !== "postgres" };
}
