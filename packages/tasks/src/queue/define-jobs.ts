import { type Duration, InvalidArgumentError, toMs } from "@upshift/foundation";
import type { Queryable } from "@upshift/postgres";
import type { DataOf, JobDefinition, ResultOf } from "./job.ts";
import type { JobBackend } from "./job-backend.ts";
import { createJobQueue, type JobQueue } from "./job-queue.ts";
import { drainOutbox, type DrainOptions } from "./outbox.ts";
import { type JobHandler, type JobWorker, startWorker, type WorkOptions } from "./work.ts";

// The kinds of job of a program are of many types; each is checked where it is used.
// oxlint-disable-next-line typescript/no-explicit-any
export type JobDefinitions = Readonly<Record<string, JobDefinition<any, any>>>;

export interface DefineJobsOptions {
  readonly backend: JobBackend;
  /** In front of the names of the queues, as `shop-` in `shop-sendMail`. Default: nothing. */
  readonly namePrefix?: string;
  /** How long `add` waits to be acknowledged. Default is `'5s'`. */
  readonly addTimeout?: Duration;
  /** Asked for the W3C Trace Context of each job that is added. */
  readonly traceparent?: () => string | undefined;
}

export type Jobs<Definitions extends JobDefinitions> = {
  readonly [Name in keyof Definitions]: JobQueue<
    DataOf<Definitions[Name]>,
    ResultOf<Definitions[Name]>
  >;
} & JobsCommon<Definitions>;

interface JobsCommon<Definitions extends JobDefinitions> {
  /** Works on the kinds that have a handler, each with a worker of its own. */
  work(handlers: Handlers<Definitions>, options?: WorkOptions): JobWorker;
  /** Moves the jobs that transactions have left in the outbox into Redis, until the signal ends it. @returns how many */
  drainOutbox(db: Queryable, options: DrainOptions): Promise<number>;
  /** What is wrong with the backend, for a person to read; empty when it keeps what it acknowledges. */
  check(): Promise<readonly string[]>;
  /** Closes the connections of all queues; workers are closed by themselves. */
  close(): Promise<void>;
}

export type Handlers<Definitions extends JobDefinitions> = {
  readonly [Name in keyof Definitions]?: JobHandler<
    DataOf<Definitions[Name]>,
    ResultOf<Definitions[Name]>
  >;
};

const RESERVED: ReadonlySet<string> = new Set(["work", "drainOutbox", "check", "close"]);

/**
 * The kinds of job of a program, each a queue of BullMQ.
 *
 * @param definitions - name to what {@link job} made
 * @throws {InvalidArgumentError} for a name that cannot be one
 */
export function defineJobs<const Definitions extends JobDefinitions>(
  definitions: Definitions,
  options: DefineJobsOptions,
): Jobs<Definitions>;
// The types of the kinds end here: below, they are data.
export function defineJobs(definitions: JobDefinitions, options: DefineJobsOptions): object {
  const { backend, namePrefix = "" } = options;
  const settings = {
    addTimeoutMs: toMs(options.addTimeout ?? "5s", "addTimeout"),
    traceparent: options.traceparent,
  };
  const queues = new Map(
    Object.entries(definitions).map(([name, definition]) => {
      if (RESERVED.has(name) || !/^[\w-]+$/.test(name))
        throw new InvalidArgumentError(
          "names of jobs of letters, digits, _ and -, none of them work, drainOutbox, check or close",
          name,
        );
      return [name, createJobQueue(`${namePrefix}${name}`, definition.options, backend, settings)];
    }),
  );
  return {
    ...Object.fromEntries(queues),
    work(
      handlers: Readonly<Record<string, JobHandler<unknown, unknown>>>,
      workOptions: WorkOptions = {},
    ): JobWorker {
      const workers = Object.entries(handlers).map(([name, handler]) => {
        const definition = definitions[name];
        if (definition === undefined)
          throw new InvalidArgumentError(`a handler of ${[...queues.keys()].join(", ")}`, name);
        return startWorker(
          `${namePrefix}${name}`,
          definition.options,
          handler,
          backend,
          workOptions,
        );
      });
      return together(workers);
    },
    drainOutbox: (db: Queryable, drainOptions: DrainOptions) =>
      drainOutbox(
        db,
        new Map([...queues.values()].map(({ name, bull }) => [name, bull])),
        drainOptions,
      ),
    async check() {
      const [first] = queues.values();
      return first === undefined ? [] : backend.check(first.bull());
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}

function together(workers: readonly JobWorker[]): JobWorker {
  return {
    get activeCount() {
      return workers.reduce((sum, worker) => sum + worker.activeCount, 0);
    },
    ready: async () => void (await Promise.all(workers.map((worker) => worker.ready()))),
    close: async (options) =>
      void (await Promise.all(workers.map((worker) => worker.close(options)))),
  };
}
