import { UpshiftError } from "@upshift/foundation";

/** Why a response was sent and not kept. The request was answered all the same. */
export class ResponseNotKeptError extends UpshiftError {
  readonly code = "UPSHIFT_HTTP_NOT_KEPT" as const;

  /** @param reason - what to do about it, too */
  constructor(route: string, reason: string) {
    super(`A response of \`${route}\` was not kept: ${reason}`, { details: { route, reason } });
  }
}
