import { UpshiftError } from "@upshift/foundation";

/** Why a response was sent and not kept. The request was answered all the same. */
export class ResponseNotKeptError extends UpshiftError {
  readonly code = "UPSHIFT_HTTP_NOT_KEPT" as const;

  /** @param reason - what to do about it, too */
  constructor(route: string, reason: string) {
    super(`A response of \`${route}\` was not kept: ${reason}`, { details: { route, reason } });
  }
}

/** What a handler threw that had looked at something outside of the key: it is for the request that made it alone. */
export class UnsharedFailureError extends Error {
  readonly by: object;

  constructor(by: object, cause: unknown) {
    super(cause instanceof Error ? cause.message : "the handler of a cached route failed", {
      cause,
    });
    this.by = by;
  }
}
