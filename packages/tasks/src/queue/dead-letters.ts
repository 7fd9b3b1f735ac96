import type { BullQueue } from "./job-backend.ts";

/** A job that has failed for good. */
export interface DeadLetter<Data> {
  readonly id: string;
  readonly data: Data;
  readonly attempts: number;
  /** The message of the last error. */
  readonly reason: string;
  readonly failedAtMs: number | undefined;
}

/** Jobs that have used up their attempts, as long as `keep.failed` keeps them. */
export interface DeadLetters<Data> {
  /** The last failed first. */
  list(range?: {
    readonly offset?: number;
    readonly limit?: number;
  }): Promise<readonly DeadLetter<Data>[]>;
  count(): Promise<number>;
  /** Puts it back into the queue with all its attempts. @returns false when it is not there */
  retry(id: string): Promise<boolean>;
  /** @returns false when it is not there */
  remove(id: string): Promise<boolean>;
}

const PAGE = 100;

export function createDeadLetters<Data>(queue: () => BullQueue): DeadLetters<Data> {
  const find = async (id: string) => {
    const job = await queue().getJob(id);
    return job !== undefined && (await job.isFailed()) ? job : undefined;
  };
  return {
    async list({ offset = 0, limit = PAGE } = {}) {
      const jobs = await queue().getFailed(offset, offset + limit - 1);
      return jobs.map((job): DeadLetter<Data> => ({
        id: job.id ?? "",
        data: job.data.data,
        attempts: job.attemptsMade,
        reason: job.failedReason,
        failedAtMs: job.finishedOn,
      }));
    },
    count: () => queue().getFailedCount(),
    async retry(id) {
      const job = await find(id);
      await job?.retry("failed", { resetAttemptsMade: true, resetAttemptsStarted: true });
      return job !== undefined;
    },
    async remove(id) {
      const job = await find(id);
      await job?.remove();
      return job !== undefined;
    },
  };
}
