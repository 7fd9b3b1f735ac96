import {
  assertFunctions,
  assertTimerClock,
  delay,
  type Duration,
  hasErrorCode,
  InvalidArgumentError,
  kindOf,
  refuseUnknown,
  systemClock,
  type TimerClock,
  toMs,
} from "@upshift/foundation";
import { type Queryable, transaction } from "@upshift/postgres";
import { bounded, timerOf } from "./bounded.ts";
import type { BullQueue, NewJob } from "./job-backend.ts";
import { tell } from "./tell.ts";
import { OutboxJobError, QueueTimeoutError } from "./queue-errors.ts";

/** Makes the table that jobs wait in until their transaction has committed and they are in Redis. Run it as a migration. */
export const OUTBOX_SQL = `
CREATE TABLE IF NOT EXISTS upshift_job_outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue text NOT NULL,
  job json NOT NULL,
  added_at timestamptz NOT NULL DEFAULT now(),
  failure_count int NOT NULL DEFAULT 0,
  failure text,
  retry_at timestamptz
)`;

const INSERT = `INSERT INTO upshift_job_outbox (queue, job)
SELECT $1::text, job FROM json_array_elements($2::text::json) AS job`;

/** In the order of the ids, but not behind a transaction that is still open, nor behind another drainer. */
const TAKE = `SELECT id::text AS id, queue, job::text AS job FROM upshift_job_outbox
WHERE queue = ANY ($2::text::text[]) AND (retry_at IS NULL OR retry_at <= now())
ORDER BY upshift_job_outbox.id LIMIT $1::text::int FOR UPDATE SKIP LOCKED`;
/** Tried again after 1 s, 2 s, 4 s, … up to 5 minutes. */
const PUT_BACK = `UPDATE upshift_job_outbox SET failure_count = failure_count + 1, failure = $2::text,
retry_at = now() + least(300, power(2, least(failure_count, 9))) * interval '1 second'
WHERE id = $1::text::bigint`;
const DELETE = "DELETE FROM upshift_job_outbox WHERE id = ANY ($1::text::bigint[])";

/** @returns the ids that the jobs will have */
export async function writeOutbox(
  tx: Queryable,
  queue: string,
  jobs: readonly NewJob[],
): Promise<readonly string[]> {
  await tx.query(INSERT, [queue, JSON.stringify(jobs)]);
  return jobs.map(({ opts }) => opts.jobId);
}

export interface DrainOptions {
  /** Ends it, after the batch that is under way, which is rolled back when it takes another second. */
  readonly signal: AbortSignal;
  /** How often an empty outbox is looked at. Default is `'1s'`. */
  readonly pollInterval?: Duration;
  /** Rows per transaction. Default is 100. */
  readonly batchSize?: number;
  /** Told what failed; it goes on with growing pauses up to 30 s. Of a job that is refused by itself, {@link OutboxJobError}; the others go on. */
  readonly onError?: (error: unknown) => void;
  readonly clock?: TimerClock;
}

const OPTIONS: ReadonlySet<keyof DrainOptions> = new Set([
  "signal",
  "pollInterval",
  "batchSize",
  "onError",
  "clock",
]);

const LONGEST_PAUSE_MS = 30_000;
/** Redis that does not answer must not keep a transaction open. */
const BATCH_TIMEOUT_MS = 10_000;
const ADD_TIMEOUT_MS = 5_000;
const GRACE_MS = 1_000;

/**
 * Moves jobs from the outbox into their queues until it is told to stop. Any number of processes may drain at the same time.
 *
 * A job is in Redis before its row is deleted, under an id of its own: a drainer that dies in between leaves the row, and the next one adds the job again, which Redis refuses as long as it keeps the
 * job. After that it runs again: at least once.
 *
 * @param db - a pool, of which it takes one connection at a time
 * @param queues - those to fill, by name; jobs of others stay for their own drainers
 * @returns how many jobs it moved
 */
export async function drainOutbox(
  db: Queryable,
  queues: ReadonlyMap<string, () => BullQueue>,
  options: DrainOptions,
): Promise<number> {
  if (typeof Object(db).query !== "function")
    throw new InvalidArgumentError("a pool with `query` to drain from", kindOf(db));
  refuseUnknown("drainOutbox", options, OPTIONS);
  const { signal, batchSize = 100, onError, clock = systemClock } = options;
  if (!(signal instanceof AbortSignal))
    throw new InvalidArgumentError("`signal` of an AbortController, which ends it", kindOf(signal));
  assertFunctions({ onError });
  assertTimerClock(clock);
  const pollMs = toMs(options.pollInterval ?? "1s", "pollInterval");
  if (!Number.isSafeInteger(batchSize) || batchSize < 1)
    throw new InvalidArgumentError("`batchSize` as an integer >= 1", batchSize);
  const late = new AbortController();
  let cancelLate: (() => void) | undefined;
  const end = (): void => {
    cancelLate = clock.after(GRACE_MS, () => late.abort(signal.reason));
  };
  signal.addEventListener("abort", end, { once: true });
  const senders = new Map(
    [...queues].map(([name, queue]) => [name, createSender(name, queue, late.signal)]),
  );
  let movedCount = 0;
  let failureCount = 0;
  while (!signal.aborted) {
    let pauseMs = 0;
    try {
      const { takenCount, refusals } = await transaction(
        db,
        (tx) => moveBatch(tx, senders, batchSize, late.signal),
        { timeout: BATCH_TIMEOUT_MS, signal: late.signal },
      );
      movedCount += takenCount - refusals.length;
      failureCount = 0;
      if (takenCount < batchSize) pauseMs = pollMs;
      for (const refusal of refusals) tell(onError, refusal);
    } catch (error) {
      if (late.signal.aborted) break;
      tell(onError, error);
      failureCount += 1;
      pauseMs = Math.min(LONGEST_PAUSE_MS, pollMs * 2 ** Math.min(failureCount, 10));
    }
    // The abort is why it ends, not a failure.
    if (pauseMs > 0) await delay(clock, pauseMs, signal).catch(() => undefined);
  }
  cancelLate?.();
  signal.removeEventListener("abort", end);
  return movedCount;
}

interface Batch {
  readonly takenCount: number;
  readonly refusals: readonly OutboxJobError[];
}

async function moveBatch(
  tx: Queryable,
  senders: ReadonlyMap<string, Sender>,
  batchSize: number,
  signal: AbortSignal,
): Promise<Batch> {
  const names = `{${[...senders.keys()].map((name) => JSON.stringify(name)).join(",")}}`;
  const { rows } = await tx.query(TAKE, [String(batchSize), names]);
  const refusals: OutboxJobError[] = [];
  for (const [name, send] of senders) {
    const waiting = rows
      .filter((row) => row.queue === name)
      .map(({ id, job }): Waiting => ({ id: String(id), job: JSON.parse(job) }));
    if (waiting.length > 0) refusals.push(...(await moveJobs(name, send, waiting, signal)));
  }
  for (const { rowId, message } of refusals) await tx.query(PUT_BACK, [rowId, message]);
  const refused = new Set(refusals.map(({ rowId }) => rowId));
  const moved = rows.map(({ id }) => String(id)).filter((id) => !refused.has(id));
  if (moved.length > 0) await tx.query(DELETE, [`{${moved.join(",")}}`]);
  return { takenCount: rows.length, refusals };
}

interface Waiting {
  readonly id: string;
  readonly job: NewJob;
}

/** @throws {QueueTimeoutError} when the backend does not answer */
type Sender = (jobs: readonly NewJob[]) => Promise<void>;

/** Sends nothing while the backend has not answered what was sent before: BullMQ's client would keep it all for as long as the backend is away. */
function createSender(name: string, queue: () => BullQueue, signal: AbortSignal): Sender {
  const inTime = (promise: Promise<unknown>): Promise<unknown> =>
    bounded(promise, {
      timer: timerOf(ADD_TIMEOUT_MS),
      signal,
      failure: () => new QueueTimeoutError(name, "drainOutbox", ADD_TIMEOUT_MS),
    });
  let before: Promise<unknown> = Promise.resolve();
  return async (jobs) => {
    await inTime(before);
    const sending = queue().addBulk([...jobs]);
    before = sending.catch(() => undefined);
    await inTime(sending);
  };
}

/** All at once; where that is refused one by one, so that one that can never be added does not keep the others back. @throws when the backend does not answer */
async function moveJobs(
  name: string,
  send: Sender,
  waiting: readonly Waiting[],
  signal: AbortSignal,
): Promise<readonly OutboxJobError[]> {
  const isAway = (error: unknown): boolean =>
    signal.aborted || hasErrorCode(error, "UPSHIFT_QUEUE_TIMEOUT");
  try {
    await send(waiting.map(({ job }) => job));
    return [];
  } catch (error) {
    if (isAway(error)) throw error;
  }
  const refusals: OutboxJobError[] = [];
  for (const { id, job } of waiting) {
    try {
      await send([job]);
    } catch (error) {
      if (isAway(error)) throw error;
      refusals.push(new OutboxJobError(name, id, error));
    }
  }
  return refusals;
}
