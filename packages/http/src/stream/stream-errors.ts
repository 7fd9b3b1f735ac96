import { UpshiftError } from "@upshift/foundation";

/** A client took nothing of a streamed response for as long as `idleTimeout` allows. */
export class ResponseIdleError extends UpshiftError {
  readonly code = "UPSHIFT_RESPONSE_IDLE" as const;

  constructor(idleTimeoutMs: number) {
    super(
      `The client took nothing of the response for ${idleTimeoutMs} ms, which is this call's \`idleTimeout\`; its connection was closed and the source was ended.`,
      { details: { idleTimeoutMs } },
    );
  }
}

/** The client has gone before the whole of a streamed response was sent. */
export class ResponseClosedError extends UpshiftError {
  readonly code = "UPSHIFT_RESPONSE_CLOSED" as const;

  constructor(sizeBytes: number) {
    super(
      `The response was closed after ${sizeBytes} bytes, before all of it was sent: the client has gone. Its source was ended.`,
      { details: { sizeBytes } },
    );
  }
}

/** A client accepts none of the formats of a response: it maps to 406. */
export class NotAcceptableError extends UpshiftError {
  readonly code = "UPSHIFT_NOT_ACCEPTABLE" as const;
  /** Of an HTTP response, where Express and others look for it. */
  readonly status = 406;
  /** The same for Fastify. */
  readonly statusCode = 406;

  /** @param available - media types */
  constructor(available: readonly string[]) {
    super(
      `None of the formats that are accepted is there. Available are: ${available.join(", ")}`,
      {
        details: { available },
      },
    );
  }
}
