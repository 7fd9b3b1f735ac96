import { type ConnectionOptions, Queue, QueueEvents, RedisQueueBackend, Worker } from "bullmq";
import type { JobBackend } from "./job-backend.ts";
import { writeOutbox } from "./outbox.ts";

export interface RedisBackendOptions {
  /** ioredis options or a client, as BullMQ takes them: `{ host, port }`, `{ url: "redis://…" }`. Not shared with anything that has a `keyPrefix`. */
  readonly connection: ConnectionOptions;
  /** In front of all keys. Default is BullMQ's `bull`. In a cluster put it in braces. */
  readonly prefix?: string;
}

/**
 * Keeps jobs in Redis: the backend to scale with.
 *
 * Redis keeps what it acknowledged only as far as it is set up to: `appendonly yes` with `appendfsync always` loses nothing when it is killed, `everysec` up to a second, and a failover what was
 * not replicated. `maxmemory-policy` has to be `noeviction`.
 */
export function redisBackend(options: RedisBackendOptions): JobBackend {
  const { connection } = options;
  const base = { connection, ...(options.prefix === undefined ? {} : { prefix: options.prefix }) };
  return {
    kind: "redis",
    queue: (name) => quiet(new Queue(name, base)),
    worker: (name, processor, workerOptions) =>
      new Worker(name, processor, { ...workerOptions, ...base }),
    events: (name) => quiet(new QueueEvents(name, base)),
    addInTransaction: (tx, queue, jobs) => writeOutbox(tx, queue.name, jobs),
    async check(queue) {
      if (!(queue instanceof Queue) || !(queue.backend instanceof RedisQueueBackend)) return [];
      const client = await queue.backend.client;
      const info = await client.info();
      const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1];
      return policy === undefined || policy === "noeviction"
        ? []
        : [`maxmemory-policy is ${policy}: Redis may evict jobs; set it to noeviction`];
    },
  };
}

/** BullMQ reports lost connections as events, and one that nobody hears ends the process. Calls report their own failures. */
function quiet<T extends { on(event: "error", listener: (error: Error) => void): unknown }>(
  emitter: T,
): T {
  emitter.on("error", () => {});
  return emitter;
}
