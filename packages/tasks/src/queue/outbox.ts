import { delay, type Duration, systemClock, type TimerClock, toMs } from "@upshift/foundation";
import { type Queryable, transaction } from "@upshift/postgres";
import type { BullQueue, NewJob } from "./job-backend.ts";

/** Makes the table that jobs wait in until their transaction has committed and they are in Redis. Run it as a migration. */
export const OUTBOX_SQL = `
CREATE TABLE IF NOT EXISTS upshift_job_outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue text NOT NULL,
  job jsonb NOT NULL,
  added_at timestamptz NOT NULL DEFAULT now()
)`;

const INSERT = `INSERT INTO upshift_job_outbox (queue, job)
SELECT $1::text, job FROM jsonb_array_elements($2::text::jsonb) AS job`;

/** In the order of the ids, but not behind a transaction that is still open, nor behind another drainer. */
const TAKE = `SELECT id::text AS id, queue, job::text AS job FROM upshift_job_outbox
WHERE queue = ANY ($2::text::text[])
ORDER BY upshift_job_outbox.id LIMIT $1::text::int FOR UPDATE SKIP LOCKED`;
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
  /** Ends it, after the batch that is under way. */
  readonly signal: AbortSignal;
  /** How often an empty outbox is looked at. Default is `'1s'`. */
  readonly pollInterval?: Duration;
  /** Rows per transaction. Default is 100. */
  readonly batchSize?: number;
  /** Told what failed; it goes on with growing pauses up to 30 s. */
  readonly onError?: (error: unknown) => void;
  readonly clock?: TimerClock;
}

const LONGEST_PAUSE_MS = 30_000;
/** Redis that does not answer must not keep a transaction open. */
const BATCH_TIMEOUT_MS = 10_000;

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
  const { signal, batchSize = 100, onError, clock = systemClock } = options;
  const pollMs = toMs(options.pollInterval ?? "1s", "pollInterval");
  let movedCount = 0;
  let failureCount = 0;
  while (!signal.aborted) {
    let pauseMs = 0;
    try {
      const count = await transaction(db, (tx) => moveBatch(tx, queues, batchSize), {
        timeout: BATCH_TIMEOUT_MS,
      });
      movedCount += count;
      failureCount = 0;
      if (count < batchSize) pauseMs = pollMs;
    } catch (error) {
      onError?.(error);
      failureCount += 1;
      pauseMs = Math.min(LONGEST_PAUSE_MS, pollMs * 2 ** Math.min(failureCount, 10));
    }
    // The abort is why it ends, not a failure.
    if (pauseMs > 0) await delay(clock, pauseMs, signal).catch(() => undefined);
  }
  return movedCount;
}

async function moveBatch(
  tx: Queryable,
  queues: ReadonlyMap<string, () => BullQueue>,
  batchSize: number,
): Promise<number> {
  const names = `{${[...queues.keys()].map((name) => JSON.stringify(name)).join(",")}}`;
  const { rows } = await tx.query(TAKE, [String(batchSize), names]);
  for (const [name, queue] of queues) {
    const jobs = rows.filter((row) => row.queue === name).map((row): NewJob => JSON.parse(row.job));
    if (jobs.length > 0) await queue().addBulk(jobs);
  }
  if (rows.length > 0) await tx.query(DELETE, [`{${rows.map(({ id }) => id).join(",")}}`]);
  return rows.length;
}
