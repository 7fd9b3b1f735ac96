import { InvalidArgumentError, kindOf, refuseUnknown } from "@upshift/foundation";
import { type ConnectionOptions, Queue, QueueEvents, RedisQueueBackend, Worker } from "bullmq";
import { addToQueue } from "./add-to-queue.ts";
import type { JobBackend } from "./job-backend.ts";
import { writeOutbox } from "./outbox.ts";

export interface RedisBackendOptions {
  /** ioredis options or a client, a `Cluster` too, as BullMQ takes them: `{ host, port }`, `{ url: "redis://…" }`. A client that was given stays open. Not shared with anything that has a `keyPrefix`. */
  readonly connection: ConnectionOptions;
  /** In front of all keys. Default is BullMQ's `bull`, in a cluster `{bull}`: there the braces keep the keys of a queue in one slot. Other braces spread queues over the nodes. */
  readonly prefix?: string;
}

const OPTIONS: ReadonlySet<keyof RedisBackendOptions> = new Set(["connection", "prefix"]);

/** @throws {InvalidArgumentError} which does not show a URL: it may hold a password */
function assertConnection(connection: unknown): void {
  const isOfConnectRedis = typeof Object(connection).run === "function";
  if (typeof connection === "object" && kindOf(connection) === "an object" && !isOfConnectRedis)
    return;
  throw new InvalidArgumentError(
    "`connection` as BullMQ takes it, `{ url: process.env.REDIS_URL }`, or a client of ioredis",
    isOfConnectRedis ? "what `connectRedis` makes" : kindOf(connection),
  );
}

/**
 * Keeps jobs in Redis: the backend to scale with.
 *
 * Redis keeps what it acknowledged only as far as it is set up to: `appendonly yes` with `appendfsync always` loses nothing when it is killed, `everysec` up to a second, and a failover what was
 * not replicated. `maxmemory-policy` has to be `noeviction`.
 *
 * @throws {InvalidArgumentError}
 */
export function redisBackend(options: RedisBackendOptions): JobBackend {
  refuseUnknown("redisBackend", options, OPTIONS);
  const { connection } = options;
  assertConnection(connection);
  if (options.prefix !== undefined && typeof options.prefix !== "string")
    throw new InvalidArgumentError("`prefix` as text", kindOf(options.prefix));
  const isCluster = "isCluster" in connection && connection.isCluster === true;
  const prefix = options.prefix ?? (isCluster ? "{bull}" : "bull");
  // A script touches several keys of a queue: they have to be of one slot.
  if (isCluster && !/\{[^{}]+\}/.test(prefix))
    throw new InvalidArgumentError("`prefix` in braces, like '{jobs}', for a cluster", prefix);
  const base = { connection, prefix };
  return {
    kind: "redis",
    queue: (name) => quiet(new Queue(name, base)),
    worker: (name, processor, workerOptions) =>
      new Worker(name, processor, { ...workerOptions, ...base }),
    events(name) {
      const events = quiet(new QueueEvents(name, base));
      // One for each that waits.
      events.setMaxListeners(0);
      return events;
    },
    add: addToQueue,
    addInTransaction: (tx, queue, jobs) => writeOutbox(tx, queue.name, jobs),
    async check(queue) {
      if (!(queue instanceof Queue) || !(queue.backend instanceof RedisQueueBackend)) return [];
      const client = await queue.backend.client;
      const info = await client.info();
      const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1];
      return [
        ...(policy === undefined || policy === "noeviction"
          ? []
          : [`maxmemory-policy is ${policy}: Redis may evict jobs; set it to noeviction`]),
        ...(/aof_enabled:0/.test(info)
          ? ["appendonly is no: a Redis that is killed loses jobs; set it to yes"]
          : []),
      ];
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
