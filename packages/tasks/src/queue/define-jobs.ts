import {
  assertFunctions,
  type Duration,
  InvalidArgumentError,
  kindOf,
  refuseUnknown,
  toMs,
} from "@upshift/foundation";
import type { Queryable } from "@upshift/postgres";
import type { DataOf, JobDefinition, ResultOf } from "./job.ts";
import type { JobBackend } from "./job-backend.ts";
import type { QueueCallOptions } from "./bounded.ts";
import { toPositiveMs } from "./job-options.ts";
import { createJobQueue, type JobQueue } from "./job-queue.ts";
import { drainOutbox, type DrainOptions } from "./outbox.ts";
import {
  assertConcurrency,
  assertWorkOptions,
  type JobHandler,
  type JobWorker,
  startWorker,
  type WorkOptions,
} from "./work.ts";

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
  work(
    handlers: Handlers<Definitions>,
    options?: WorkOptions<keyof Definitions & string>,
  ): JobWorker;
  /** Moves the jobs that transactions have left in the outbox into Redis, until the signal ends it. @returns how many */
  drainOutbox(db: Queryable, options: DrainOptions): Promise<number>;
  /** What is wrong with the backend, for a person to read; empty when it keeps what it acknowledges. */
  check(options?: QueueCallOptions): Promise<readonly string[]>;
  /**
   * Closes the connections of all queues; workers are closed by themselves. What the backend has not answered within `timeout` (default 5 s) is given up.
   */
  close(options?: { readonly timeout?: Duration }): Promise<void>;
}

export type Handlers<Definitions extends JobDefinitions> = {
  readonly [Name in keyof Definitions]?: JobHandler<
    DataOf<Definitions[Name]>,
    ResultOf<Definitions[Name]>
  >;
};

const OPTIONS: ReadonlySet<keyof DefineJobsOptions> = new Set([
  "backend",
  "namePrefix",
  "addTimeout",
  "traceparent",
]);
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
  refuseUnknown("defineJobs", options, OPTIONS);
  const { backend, namePrefix = "" } = options;
  if (typeof Object(backend).addInTransaction !== "function")
    throw new InvalidArgumentError(
      "`backend` as `redisBackend(…)` or `postgresBackend(…)` makes it",
      kindOf(backend),
    );
  if (typeof namePrefix !== "string" || namePrefix.includes(":"))
    throw new InvalidArgumentError("`namePrefix` as text without a colon", namePrefix);
  assertFunctions({ traceparent: options.traceparent });
  if (kindOf(definitions) !== "an object")
    throw new InvalidArgumentError("kinds of jobs by their names", kindOf(definitions));
  const settings = {
    addTimeoutMs: toPositiveMs(options.addTimeout ?? "5s", "addTimeout"),
    traceparent: options.traceparent,
  };
  const queues = new Map(
    Object.entries(definitions).map(([name, definition]) => {
      if (RESERVED.has(name) || !/^[\w-]+$/.test(name))
        throw new InvalidArgumentError(
          "names of jobs of letters, digits, _ and -, none of them work, drainOutbox, check or close",
          name,
        );
      if (typeof definition?.options !== "object")
        throw new InvalidArgumentError(`\`${name}\` as \`job(…)\` makes it`, definition);
      return [name, createJobQueue(`${namePrefix}${name}`, definition.options, backend, settings)];
    }),
  );
  const of = (name: string) => {
    const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
    if (definition === undefined)
      throw new InvalidArgumentError(`kinds of ${[...queues.keys()].join(", ")}`, name);
    return definition;
  };
  return {
    ...Object.fromEntries(queues),
    work(
      handlers: Readonly<Record<string, JobHandler<unknown, unknown>>>,
      workOptions: WorkOptions = {},
    ): JobWorker {
      if (kindOf(handlers) !== "an object")
        throw new InvalidArgumentError("handlers by the names of their kinds", kindOf(handlers));
      assertWorkOptions(workOptions);
      const { concurrency } = workOptions;
      const limits = typeof concurrency === "object" ? Object.entries(concurrency) : [];
      // Before any worker is started: none is left behind.
      for (const name of [...Object.keys(handlers), ...limits.map(([kind]) => kind)]) of(name);
      for (const [, limit] of limits) assertConcurrency(limit);
      if (typeof concurrency !== "object") assertConcurrency(concurrency);
      for (const handler of Object.values(handlers))
        if (handler !== undefined && typeof handler !== "function")
          throw new InvalidArgumentError("handlers that are functions", handler);
      const workers = Object.entries(handlers)
        .filter(([, handler]) => handler !== undefined)
        .map(([name, handler]) =>
          startWorker(`${namePrefix}${name}`, of(name).options, handler, backend, {
            ...workOptions,
            concurrency: typeof concurrency === "object" ? concurrency[name] : concurrency,
          }),
        );
      return together(workers);
    },
    drainOutbox: (db: Queryable, drainOptions: DrainOptions) =>
      drainOutbox(
        db,
        new Map([...queues.values()].map(({ name, bull }) => [name, bull])),
        drainOptions,
      ),
    async check(callOptions?: QueueCallOptions) {
      const [first] = queues.values();
      if (first === undefined) return [];
      return first.call("check", () => backend.check(first.bull()), callOptions);
    },
    async close({ timeout = "5s" }: { readonly timeout?: Duration } = {}) {
      const timeoutMs = toMs(timeout, "timeout");
      await Promise.all([...queues.values()].map((queue) => queue.close(timeoutMs)));
    },
  };
}

function together(workers: readonly JobWorker[]): JobWorker {
  return {
    get activeCount() {
      return workers.reduce((sum, worker) => sum + worker.activeCount, 0);
    },
    ready: async (options) =>
      void (await Promise.all(workers.map((worker) => worker.ready(options)))),
    close: async (options) =>
      void (await Promise.all(workers.map((worker) => worker.close(options)))),
  };
}
