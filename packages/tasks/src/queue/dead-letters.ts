import { InvalidArgumentError } from "@upshift/foundation";
import type { QueueCall, QueueCallOptions } from "./bounded.ts";
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
  list(
    range?: { readonly offset?: number; readonly limit?: number } & QueueCallOptions,
  ): Promise<readonly DeadLetter<Data>[]>;
  count(options?: QueueCallOptions): Promise<number>;
  /** Puts it back into the queue with all its attempts. @returns false when it is not there */
  retry(id: string, options?: QueueCallOptions): Promise<boolean>;
  /** @returns false when it is not there */
  remove(id: string, options?: QueueCallOptions): Promise<boolean>;
}

const PAGE = 100;

export function createDeadLetters<Data>(
  queue: () => BullQueue,
  call: QueueCall,
): DeadLetters<Data> {
  const find = async (id: string) => {
    const job = await queue().getJob(id);
    return job !== undefined && (await job.isFailed()) ? job : undefined;
  };
  return {
    async list({ offset = 0, limit = PAGE, ...options } = {}) {
      for (const [name, value] of Object.entries({ offset, limit })) {
        if (!Number.isSafeInteger(value) || value < 0)
          throw new InvalidArgumentError(`\`${name}\` as an integer >= 0`, value);
      }
      // A range that ends before it begins would count from the other end.
      if (limit === 0) return [];
      const read = () => queue().getFailed(offset, offset + limit - 1);
      const jobs = await call("deadLetters.list", read, options);
      return jobs.map((job): DeadLetter<Data> => ({
        id: job.id ?? "",
        data: job.data.data,
        attempts: job.attemptsMade,
        reason: job.failedReason,
        failedAtMs: job.finishedOn,
      }));
    },
    count: (options) => call("deadLetters.count", () => queue().getFailedCount(), options),
    retry: (id, options) =>
      call(
        "deadLetters.retry",
        async () => {
          const job = await find(id);
          await job?.retry("failed", { resetAttemptsMade: true, resetAttemptsStarted: true });
          return job !== undefined;
        },
        options,
      ),
    remove: (id, options) =>
      call(
        "deadLetters.remove",
        async () => {
          const job = await find(id);
          await job?.remove();
          return job !== undefined;
        },
        options,
      ),
  };
}
