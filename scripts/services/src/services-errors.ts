import { UpshiftError } from "@upshift/foundation";

/** A component is not on this machine and could not be brought; a test group that needs it is skipped. */
export class ServiceUnavailableError extends UpshiftError {
  readonly code = "UPSHIFT_SERVICE_UNAVAILABLE" as const;

  /**
   * @param component - "PostgreSQL 15", "PgBouncer"
   * @param reason - why, and what would bring it
   */
  constructor(component: string, reason: string, cause?: unknown) {
    super(`${component} is not available: ${reason}`, { cause, details: { component, reason } });
  }
}

/** A component is there and did not start, or died. */
export class ServiceFailedError extends UpshiftError {
  readonly code = "UPSHIFT_SERVICE_FAILED" as const;

  /**
   * @param component - "PostgreSQL 18"
   * @param what - what went wrong, as a clause: "initdb ended with code 1"
   * @param log - what the process wrote; its last lines go into the message
   */
  constructor(component: string, what: string, log: string) {
    const tail = log.trim().split("\n").slice(-8).join("\n");
    super(`${component}: ${what}${tail === "" ? "" : `. Its last words:\n${tail}`}`, {
      details: { component, what },
    });
  }
}
