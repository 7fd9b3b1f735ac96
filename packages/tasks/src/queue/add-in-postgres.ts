import type { Queryable } from "@upshift/postgres";
import { Job, PostgresQueueBackend, Queue } from "bullmq";
import { addUnknown, idsOf } from "./add-to-queue.ts";
import type { BullQueue, NewJob } from "./job-backend.ts";
import { bounded, timerOf } from "./bounded.ts";
import { QueueTimeoutError, TransactionalAddError } from "./queue-errors.ts";

/** Sets the search path for the transaction and says what it was; a CTE is evaluated before what reads it. */
const ENTER = `WITH was AS MATERIALIZED (SELECT current_setting('search_path') AS path)
SELECT path, set_config('search_path', $1, true) FROM was`;
const LEAVE = "SELECT set_config('search_path', $1, true)";
const READY_TIMEOUT_MS = 5_000;
/** SQLSTATE of a function and of a table that the search path does not show. */
const UNDEFINED: ReadonlySet<unknown> = new Set(["42883", "42P01"]);

/**
 * Adds jobs to BullMQ's tables on the connection of a transaction, so that they exist when it commits and not before.
 *
 * All of BullMQ's statements go through one method of its backend, which is replaced here for a view of the queue that lives as long as the call; its SQL names no schema, so the search path is
 * set around each statement. BullMQ does not document this: the tests hold it to the version that is pinned.
 *
 * @throws {TransactionalAddError} when `tx` is in no transaction, or the queue is not in PostgreSQL
 */
export async function addInPostgres(
  tx: Queryable,
  schema: string,
  queue: BullQueue,
  jobs: readonly NewJob[],
): Promise<readonly string[]> {
  // The tables have to be there; making them is not this transaction's business.
  await bounded(queue.waitUntilReady(), {
    timer: timerOf(READY_TIMEOUT_MS),
    failure: () => new QueueTimeoutError(queue.name, "add", READY_TIMEOUT_MS),
  });
  if (!(queue instanceof Queue) || !(queue.backend instanceof PostgresQueueBackend))
    throw new TransactionalAddError(queue.name, "its queue is not in PostgreSQL");
  const run = async (text: string, values?: unknown[]): Promise<unknown> => {
    const { rows } = await tx.query(ENTER, [`"${schema}"`]);
    const result = await tx.query(text, values);
    await tx.query(LEAVE, [rows[0]?.path]);
    return result;
  };
  const backend: unknown = Object.create(queue.backend, { query: { value: run } });
  const view: Queue = Object.create(queue, { backend: { value: backend } });
  try {
    return await inTurn(tx, () =>
      addUnknown(view, jobs, async (unknown) => {
        const fresh = unknown.map(({ name, data, opts }) => ({ name, data, opts }));
        return idsOf(await Job.createBulk(view, fresh), unknown);
      }),
    );
  } catch (error) {
    const isOutside = error instanceof Error && "code" in error && UNDEFINED.has(error.code);
    throw isOutside
      ? new TransactionalAddError(queue.name, "`tx` is in no transaction; BEGIN first", error)
      : error;
  }
}

const turns = new WeakMap<Queryable, Promise<unknown>>();

/** One at a time on a connection: of two at once the second would take the search path of the first for that of the transaction, and leave it behind. */
function inTurn<T>(tx: Queryable, add: () => Promise<T>): Promise<T> {
  const turn = (turns.get(tx) ?? Promise.resolve()).then(add);
  turns.set(
    tx,
    turn.catch(() => undefined),
  );
  return turn;
}
