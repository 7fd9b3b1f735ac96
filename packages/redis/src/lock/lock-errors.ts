import { UpshiftError } from "@upshift/foundation";

/** Somebody else holds the lock, and did until the wait was over. */
export class LockTakenError extends UpshiftError {
  readonly code = "UPSHIFT_LOCK_TAKEN" as const;

  constructor(name: string, waitMs: number) {
    super(`Lock ${JSON.stringify(name)} is taken; waited ${waitMs} ms`, {
      details: { name, waitMs },
    });
  }
}

/** The lock could not be kept: Redis did not confirm it in time, or it belongs to somebody else by now. Another holder may be at work. */
export class LockLostError extends UpshiftError {
  readonly code = "UPSHIFT_LOCK_LOST" as const;

  constructor(name: string, reason: string, cause?: unknown) {
    super(`Lock ${JSON.stringify(name)} is lost: ${reason}. Another holder may be at work.`, {
      cause,
      details: { name, reason },
    });
  }
}
