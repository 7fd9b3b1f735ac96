import { UpshiftError } from "@upshift/foundation";

/** PostgreSQL refuses to plan the statement, or it is none that has a plan. */
export class StatementNotPlannableError extends UpshiftError {
  readonly code = "UPSHIFT_STATEMENT_NOT_PLANNABLE" as const;

  /**
   * @param reason - PostgreSQL's own message without values, or why there is nothing to plan
   * @param sqlState - PostgreSQL's error code; `null` where the statement never reached it
   */
  constructor(reason: string, sqlState: string | null = null) {
    super(`the statement cannot be planned: ${reason}`, { details: { reason, sqlState } });
  }
}
