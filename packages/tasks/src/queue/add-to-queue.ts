import type { BullJob, BullQueue, NewJob } from "./job-backend.ts";

/** In one round trip. @returns the ids */
export async function addToQueue(
  queue: BullQueue,
  jobs: readonly NewJob[],
): Promise<readonly string[]> {
  const [only] = jobs;
  const added =
    jobs.length === 1 && only !== undefined
      ? [await queue.add(only.name, only.data, only.opts)]
      : await queue.addBulk([...jobs]);
  return idsOf(added, jobs);
}

export function idsOf(
  added: readonly Pick<BullJob, "id">[],
  jobs: readonly NewJob[],
): readonly string[] {
  return jobs.map(({ opts }, index) => added[index]?.id ?? opts.jobId);
}

/**
 * Leaves out what is there already under the caller's id, where jobs are deduplicated too.
 *
 * BullMQ's PostgreSQL backend would give the key of what is equal to the job that is there, though that one may have ended: nothing would give the key back, and each equal job from then on would be
 * taken for the one that has ended, and never run.
 *
 * @param add - adds the others
 */
export async function addUnknown(
  queue: Pick<BullQueue, "getJob">,
  jobs: readonly NewJob[],
  add: (jobs: readonly NewJob[]) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  if (!jobs.some(isAtRisk)) return add(jobs);
  const known = new Set<NewJob>();
  for (const job of jobs.filter(isAtRisk))
    if ((await queue.getJob(job.opts.jobId)) !== undefined) known.add(job);
  const unknown = jobs.filter((job) => !known.has(job));
  const ids = unknown.length === 0 ? [] : await add(unknown);
  const idOf = new Map(unknown.map((job, index) => [job, ids[index]]));
  return jobs.map((job) => idOf.get(job) ?? job.opts.jobId);
}

function isAtRisk({ hasOwnId, opts }: NewJob): boolean {
  return hasOwnId && opts.deduplication !== undefined;
}
