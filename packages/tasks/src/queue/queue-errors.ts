import { UpshiftError } from "@upshift/foundation";

/** The queue did not acknowledge a job in time. Whether it was added is unknown: add it again with the same `id`, and it is added once. */
export class JobNotAcknowledgedError extends UpshiftError {
  readonly code = "UPSHIFT_JOB_NOT_ACKNOWLEDGED" as const;
  readonly jobIds: readonly string[];

  constructor(queue: string, jobIds: readonly string[], timeoutMs: number) {
    super(
      `Queue ${JSON.stringify(queue)} did not acknowledge ${jobIds.length} job(s) within ${timeoutMs} ms. Add again with the same id: it is added once.`,
      { details: { queue, jobIds, timeoutMs } },
    );
    this.jobIds = jobIds;
  }
}

/** The queue's backend did not answer in time. A call that changes something may have done so. */
export class QueueTimeoutError extends UpshiftError {
  readonly code = "UPSHIFT_QUEUE_TIMEOUT" as const;

  constructor(queue: string, call: string, timeoutMs: number) {
    super(
      `Queue ${JSON.stringify(queue)} did not answer \`${call}\` within ${timeoutMs} ms: its backend is away or hangs`,
      { details: { queue, call, timeoutMs } },
    );
  }
}

/** The queue's backend has been away for so long that no further call is kept for it. Nothing was sent: make the call again when it is back. */
export class QueueBackedUpError extends UpshiftError {
  readonly code = "UPSHIFT_QUEUE_BACKED_UP" as const;

  constructor(queue: string, callCount: number) {
    super(
      `Queue ${JSON.stringify(queue)} has ${callCount} calls that its backend never answered: no more are sent until it does`,
      { details: { queue, callCount } },
    );
  }
}

/** The queue was closed by `close` of its kinds. */
export class QueueClosedError extends UpshiftError {
  readonly code = "UPSHIFT_QUEUE_CLOSED" as const;

  constructor(queue: string) {
    super(`Queue ${JSON.stringify(queue)} is closed: close it after what uses it`, {
      details: { queue },
    });
  }
}

/** A job ran longer than its `timeout`; its signal was aborted. */
export class JobTimeoutError extends UpshiftError {
  readonly code = "UPSHIFT_JOB_TIMEOUT" as const;

  constructor(queue: string, timeoutMs: number, cause?: unknown) {
    super(`A job of ${JSON.stringify(queue)} ran longer than ${timeoutMs} ms`, {
      cause,
      details: { queue, timeoutMs },
    });
  }
}

/** A worker lost the lock of a job: another may run it by now. Why the job's signal is aborted; what it still does cannot complete the job. */
export class JobLockLostError extends UpshiftError {
  readonly code = "UPSHIFT_JOB_LOCK_LOST" as const;

  constructor(queue: string, jobId: string) {
    super(
      `The lock of job ${jobId} of ${JSON.stringify(queue)} is lost: another worker may run it`,
      {
        details: { queue, jobId },
      },
    );
  }
}

/** A worker is closing and its time to finish is over. Why a job's signal is aborted; the job goes back to the queue. */
export class WorkerClosingError extends UpshiftError {
  readonly code = "UPSHIFT_WORKER_CLOSING" as const;

  constructor(queue: string) {
    super(`The worker of ${JSON.stringify(queue)} is closing; the job goes back to the queue`, {
      details: { queue },
    });
  }
}

/** What was given as data of a job does not survive JSON. */
export class JobDataError extends UpshiftError {
  readonly code = "UPSHIFT_JOB_DATA" as const;

  /** @param path - where in the data: `.user.createdAt` */
  constructor(queue: string, path: string, problem: string) {
    super(
      `Data of a job of ${JSON.stringify(queue)} at \`${path === "" ? "." : path}\`: ${problem}`,
      {
        details: { queue, path, problem },
      },
    );
  }
}

/** A job was to be added inside a transaction, and could not be. */
export class TransactionalAddError extends UpshiftError {
  readonly code = "UPSHIFT_TRANSACTIONAL_ADD" as const;

  constructor(queue: string, problem: string, cause?: unknown) {
    super(`A job of ${JSON.stringify(queue)} was not added in the transaction: ${problem}`, {
      cause,
      details: { queue, problem },
    });
  }
}

/** A job in the outbox was refused by the queue. Its row stays, with the reason, and is tried again ever more rarely; other jobs go on. */
export class OutboxJobError extends UpshiftError {
  readonly code = "UPSHIFT_OUTBOX_JOB" as const;
  /** `id` in `upshift_job_outbox`. */
  readonly rowId: string;

  constructor(queue: string, rowId: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`Job ${rowId} of the outbox was refused by ${JSON.stringify(queue)}: ${reason}`, {
      cause,
      details: { queue, rowId },
    });
    this.rowId = rowId;
  }
}

/** A job that was waited for has failed for good. */
export class JobFailedError extends UpshiftError {
  readonly code = "UPSHIFT_JOB_FAILED" as const;

  constructor(queue: string, jobId: string, reason: string) {
    super(`Job ${jobId} of ${JSON.stringify(queue)} has failed: ${reason}`, {
      details: { queue, jobId, reason },
    });
  }
}

/** A job that was waited for has not ended in time. It goes on. */
export class JobNotEndedError extends UpshiftError {
  readonly code = "UPSHIFT_JOB_NOT_ENDED" as const;

  constructor(queue: string, jobId: string, timeoutMs: number) {
    super(
      `Job ${jobId} of ${JSON.stringify(queue)} has not ended within ${timeoutMs} ms; it goes on`,
      {
        details: { queue, jobId, timeoutMs },
      },
    );
  }
}
