interface WireError {
  readonly message: string;
  readonly code: string;
  readonly severity: string;
}

/** An error that PostgreSQL answered; internal, callers of the twin see what it means instead. */
export class DatabaseError extends Error {
  readonly sqlState: string;

  constructor(error: WireError) {
    super(error.message);
    this.name = "DatabaseError";
    this.sqlState = error.code;
  }

  /**
   * The message without values. Data exceptions (class 22) quote the value after a colon:
   * `invalid input syntax for type integer: "abc"`.
   */
  get safeMessage(): string {
    if (!this.sqlState.startsWith("22")) return this.message;
    const quoted = this.message.search(/: |"/u);
    return quoted === -1 ? this.message : this.message.slice(0, quoted).trim();
  }
}

/** True for an error that left the session alive; FATAL and PANIC do not. */
export function isDatabaseError(error: unknown): error is WireError & Error {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    /^[0-9A-Z]{5}$/u.test(error.code) &&
    "severity" in error &&
    error.severity === "ERROR"
  );
}
