import type { Queryable } from "@upshift/postgres";
import { Job, PostgresQueueBackend, Queue } from "bullmq";
import { addUnknown, idsOf } from "./add-to-queue.ts";
import type { BullQueue, NewJob } from "./job-backend.ts";
import { bounded, timerOf } from "./bounded.ts";
import { QueueTimeoutError, TransactionalAddError } from "./queue-errors.ts";

/** Sets the search path for the transaction and keeps what it was; a CTE is evaluated before what reads it. */
const ENTER = `WITH was AS MATERIALIZED (SELECT current_setting('search_path') AS path)
SELECT set_config('upshift.search_path', path, true), set_config('search_path', $1, true) FROM was`;
const LEAVE = "SELECT set_config('search_path', current_setting('upshift.search_path'), true)";
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
  const run = (text: string, values?: unknown[]): Promise<unknown> =>
    inRow(tx, [
      () => tx.query(ENTER, [`"${schema}"`]),
      () => tx.query(text, values),
      () => tx.query(LEAVE),
    ]);
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

/**
 * Statements with none of the caller's between them: that one would run with BullMQ's search path.
 *
 * A transaction of ours puts what it is given in line, so it is given all at once. pg's client must not be given a second statement while it runs the first, by its caller neither.
 *
 * @returns what the second gave
 */
async function inRow<T>(
  tx: Queryable,
  [enter, run, leave]: readonly [() => Promise<unknown>, () => Promise<T>, () => Promise<unknown>],
): Promise<T> {
  if (tx.takesQueryConfig !== true) {
    await enter();
    const result = await run();
    await leave();
    return result;
  }
  const entered = enter();
  const result = run();
  const left = leave();
  // The first that fails is why; those behind it fail with the transaction.
  await Promise.allSettled([entered, result, left]);
  await entered;
  const found = await result;
  await left;
  return found;
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
