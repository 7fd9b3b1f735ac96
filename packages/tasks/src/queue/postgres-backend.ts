import { InvalidArgumentError, kindOf, refuseUnknown } from "@upshift/foundation";
import { createPostgresBackend, Queue, QueueEvents, Worker } from "bullmq";
import type { JobBackend } from "./job-backend.ts";
import { addToQueue, addUnknown } from "./add-to-queue.ts";
import { addInPostgres } from "./add-in-postgres.ts";

export interface PostgresBackendOptions {
  /** `postgres://…`; `undefined`, as of a variable that is not set, is refused. */
  readonly connectionString: string | undefined;
  /** Where BullMQ's tables are; made and brought up to date on first use. Default is `bullmq`. */
  readonly schema?: string;
  /** Connections of each queue and of each worker; beside them each worker listens on one of its own. Default is 2. */
  readonly maxConnections?: number;
}

const OPTIONS: ReadonlySet<keyof PostgresBackendOptions> = new Set([
  "connectionString",
  "schema",
  "maxConnections",
]);

/** Keeps jobs in PostgreSQL, where the data is: jobs work where only a database is there, and are added in its transactions. @throws {InvalidArgumentError} */
export function postgresBackend(options: PostgresBackendOptions): JobBackend {
  refuseUnknown("postgresBackend", options, OPTIONS);
  const { connectionString, schema = "bullmq", maxConnections = 2 } = options;
  if (typeof connectionString !== "string" || connectionString === "")
    throw new InvalidArgumentError(
      "`connectionString` as text, postgres://…; is DATABASE_URL set?",
      connectionString === "" ? "" : kindOf(connectionString),
    );
  // It becomes part of a search path, in which a comma or a quote would be more than a name.
  if (!/^[A-Za-z_][\w$]{0,62}$/.test(schema))
    throw new InvalidArgumentError("`schema` as a plain name of at most 63 characters", schema);
  if (!Number.isSafeInteger(maxConnections) || maxConnections < 1)
    throw new InvalidArgumentError("`maxConnections` as an integer >= 1", maxConnections);
  const connection = { connectionString, schema, max: maxConnections, migrate: true };
  return {
    kind: "postgres",
    queue(name) {
      const queue = new Queue(name, { connection }, createPostgresBackend);
      queue.on("error", () => {});
      return queue;
    },
    worker: (name, processor, workerOptions) =>
      new Worker(name, processor, { ...workerOptions, connection }, createPostgresBackend),
    events(name) {
      const events = new QueueEvents(name, { connection }, createPostgresBackend);
      events.on("error", () => {});
      // One for each that waits.
      events.setMaxListeners(0);
      return events;
    },
    add: (queue, jobs) => addUnknown(queue, jobs, (unknown) => addToQueue(queue, unknown)),
    addInTransaction: (tx, queue, jobs) => addInPostgres(tx, schema, queue, jobs),
    check: async () => [],
  };
}
