import { UpshiftError } from "@upshift/foundation";

/** The connection was lost, or the call aborted, after COMMIT had been sent: it may have taken effect or not. */
export class CommitUnknownError extends UpshiftError {
  readonly code = "UPSHIFT_COMMIT_UNKNOWN" as const;

  constructor(cause: unknown) {
    super(
      "The connection was lost while COMMIT was under way: the transaction took effect as a whole or not at all, and nobody here knows which. Look for what it should have written before it is run again.",
      { cause },
    );
  }
}

/** COMMIT was answered with ROLLBACK: a statement had failed, its error was not passed on, and nothing was written. */
export class TransactionRolledBackError extends UpshiftError {
  readonly code = "UPSHIFT_TRANSACTION_ROLLED_BACK" as const;

  /** @param cause - the failure of a statement that the body kept to itself, when known */
  constructor(cause: unknown) {
    super(
      "The server answered COMMIT with ROLLBACK, so nothing was written: a statement of the transaction had failed and its error was caught or never awaited. Let the error pass, or undo the failed part with a nested transaction.",
      cause === undefined ? {} : { cause },
    );
  }
}

/** A statement came to a transaction that is over. */
export class TransactionEndedError extends UpshiftError {
  readonly code = "UPSHIFT_TRANSACTION_ENDED" as const;

  constructor(how: string) {
    super(
      `The transaction has ended (${how}): its handle runs no further statement. Await every statement inside the body, and use the pool afterwards.`,
      { details: { how } },
    );
  }
}

/** Two parts of one transaction ran at the same time, which one connection cannot keep apart. */
export class TransactionBusyError extends UpshiftError {
  readonly code = "UPSHIFT_TRANSACTION_BUSY" as const;

  constructor(cause?: unknown) {
    super(
      "A nested part of this transaction is still running on its connection. Inside it use its own handle; await one part before the next one starts.",
      cause === undefined ? {} : { cause },
    );
  }
}
