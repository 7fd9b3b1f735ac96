import { UpshiftError } from "@upshift/foundation";

/** Redis may evict what is not written yet. Nothing was accepted. */
export class WriteBehindEvictingError extends UpshiftError {
  readonly code = "UPSHIFT_WRITE_BEHIND_EVICTING" as const;

  constructor(policy: string, maxmemoryBytes: number) {
    super(
      `Redis evicts keys when ${maxmemoryBytes} bytes are full (maxmemory-policy ${policy}), and would lose changes that are not in the database yet. Set maxmemory-policy noeviction, or use another Redis for write-behind`,
      { details: { policy, maxmemoryBytes } },
    );
  }
}

/** As many keys wait for the database as may. The change was not accepted. */
export class WriteBehindFullError extends UpshiftError {
  readonly code = "UPSHIFT_WRITE_BEHIND_FULL" as const;

  constructor(name: string, pendingCount: number, maxPending: number) {
    super(
      `${pendingCount} keys of ${JSON.stringify(name)} wait to be written, and \`maxPending\` is ${maxPending}: the change was not accepted. The writer is too slow or fails`,
      { details: { name, pendingCount, maxPending } },
    );
  }
}

/** A drainer did not renew its lease in time, or another has its keys. Reason of the writer's signal. */
export class WriteBehindLeaseLostError extends UpshiftError {
  readonly code = "UPSHIFT_WRITE_BEHIND_LEASE_LOST" as const;

  constructor(name: string, reason: string, cause?: unknown) {
    super(`The lease on changes of ${JSON.stringify(name)} is lost: ${reason}`, {
      ...(cause === undefined ? {} : { cause }),
      details: { name, reason },
    });
  }
}

/** The writer took longer than `writeTimeout`. Reason of its signal; the changes are written again later. */
export class WriteBehindTimeoutError extends UpshiftError {
  readonly code = "UPSHIFT_WRITE_BEHIND_TIMEOUT" as const;

  constructor(name: string, changeCount: number, timeoutMs: number) {
    super(
      `Writing ${changeCount} changes of ${JSON.stringify(name)} took longer than ${timeoutMs} ms`,
      { details: { name, changeCount, timeoutMs } },
    );
  }
}

/** Not everything that was acknowledged is in the database. It stays in Redis. */
export class WriteBehindNotFlushedError extends UpshiftError {
  readonly code = "UPSHIFT_WRITE_BEHIND_NOT_FLUSHED" as const;
  readonly pendingCount: number;
  readonly deadLetterCount: number;

  constructor(name: string, pendingCount: number, deadLetterCount: number) {
    super(
      `${pendingCount} keys of ${JSON.stringify(name)} are not written yet, and ${deadLetterCount} were given up`,
      { details: { name, pendingCount, deadLetterCount } },
    );
    this.pendingCount = pendingCount;
    this.deadLetterCount = deadLetterCount;
  }
}

/** It is closed, or closes: reason of the writer's signal, and of refused changes. */
export class WriteBehindClosedError extends UpshiftError {
  readonly code = "UPSHIFT_WRITE_BEHIND_CLOSED" as const;

  constructor(name: string) {
    super(`Write-behind of ${JSON.stringify(name)} is closed`, { details: { name } });
  }
}

/** There are as many dead letters as may be: what fails now stays among what waits, and is tried again at long intervals. */
export class WriteBehindDeadLettersFullError extends UpshiftError {
  readonly code = "UPSHIFT_WRITE_BEHIND_DEAD_LETTERS_FULL" as const;

  constructor(name: string, cause: unknown) {
    super(
      `${JSON.stringify(name)} has as many dead letters as it may have. Try them again or discard them: what fails meanwhile stays pending`,
      { cause, details: { name } },
    );
  }
}

/** A patch where only whole values are declared: `mode` is `"value"`. */
export class WriteBehindModeError extends UpshiftError {
  readonly code = "UPSHIFT_WRITE_BEHIND_MODE" as const;

  constructor(name: string) {
    super(
      `Write-behind of ${JSON.stringify(name)} takes whole values only; declare it with \`mode: "patch"\` for patches`,
      { details: { name } },
    );
  }
}
