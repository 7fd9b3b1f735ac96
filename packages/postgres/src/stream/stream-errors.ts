import { UpshiftError } from "@upshift/foundation";

/** A stream or an export took longer than its `timeout`. */
export class StreamTimeoutError extends UpshiftError {
  readonly code = "UPSHIFT_STREAM_TIMEOUT" as const;

  constructor(timeoutMs: number) {
    super(
      `The rows were not all there after ${timeoutMs} ms, which is this call's \`timeout\`; its query was cancelled. Waiting for a connection counts too.`,
      { details: { timeoutMs } },
    );
  }
}

/** Nobody took rows for as long as `idleTimeout` allows, while a connection was held for them. */
export class StreamIdleError extends UpshiftError {
  readonly code = "UPSHIFT_STREAM_IDLE" as const;

  constructor(idleTimeoutMs: number) {
    super(
      `No row was taken for ${idleTimeoutMs} ms, which is this call's \`idleTimeout\`; its connection was given back. Take rows faster, end an iteration that is not continued with \`return()\`, or raise \`idleTimeout\`.`,
      { details: { idleTimeoutMs } },
    );
  }
}

/** What an export writes to was closed before everything was written: the client of an HTTP response has gone, for one. */
export class DestinationClosedError extends UpshiftError {
  readonly code = "UPSHIFT_DESTINATION_CLOSED" as const;

  constructor(sizeBytes: number) {
    super(
      `The destination of the export was closed after ${sizeBytes} bytes, before the export was complete. Its query was cancelled.`,
      { details: { sizeBytes } },
    );
  }
}
