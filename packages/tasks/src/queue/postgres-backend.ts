import { createPostgresBackend, Queue, QueueEvents, Worker } from "bullmq";
import type { JobBackend } from "./job-backend.ts";
import { addToQueue, addUnknown } from "./add-to-queue.ts";
import { addInPostgres } from "./add-in-postgres.ts";

export interface PostgresBackendOptions {
  readonly connectionString: string;
  /** Where BullMQ's tables are; made and brought up to date on first use. Default is `bullmq`. */
  readonly schema?: string;
  /** Connections of each queue and of each worker; beside them each worker listens on one of its own. Default is 2. */
  readonly maxConnections?: number;
}

/** Keeps jobs in PostgreSQL, where the data is: jobs work where only a database is there, and are added in its transactions. */
export function postgresBackend(options: PostgresBackendOptions): JobBackend {
  const { connectionString, schema = "bullmq", maxConnections = 2 } = options;
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
