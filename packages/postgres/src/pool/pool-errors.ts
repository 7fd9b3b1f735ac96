import { UpshiftError } from "@upshift/foundation";

/** What a pool looked like when a caller gave up waiting for it. */
export interface PoolLoad {
  readonly max: number;
  readonly busyCount: number;
  /** Connections that are being opened. */
  readonly connectingCount: number;
  /** Callers in line, the one that gave up not among them. */
  readonly waitingCount: number;
  /** Since when the longest of the busy ones is held. */
  readonly longestHeldMs: number;
}

/** Every connection was busy for as long as a caller was ready to wait. */
export class PoolTimeoutError extends UpshiftError {
  readonly code = "UPSHIFT_POOL_TIMEOUT" as const;

  constructor(server: string, timeoutMs: number, load: PoolLoad) {
    const { max, busyCount, connectingCount, waitingCount, longestHeldMs } = load;
    const connecting = connectingCount === 0 ? "" : `, ${connectingCount} being opened`;
    super(
      `No connection to ${server} became free within ${timeoutMs} ms: ${busyCount} of ${max} are busy${connecting}, ${waitingCount} more callers wait, and one is held for ${longestHeldMs} ms. Look for statements that are slow and for connections that are held while something else is awaited before you raise \`max\`.`,
      { details: { server, timeoutMs, ...load } },
    );
  }
}

/** The server, or what stands before it, did not complete a connection in time. */
export class ConnectTimeoutError extends UpshiftError {
  readonly code = "UPSHIFT_CONNECT_TIMEOUT" as const;

  constructor(server: string, timeoutMs: number, cause?: unknown) {
    super(
      `${server} did not complete a connection within ${timeoutMs} ms. It is unreachable, hung or overloaded: check host, port and firewall, then the load of the server.`,
      { ...(cause === undefined ? {} : { cause }), details: { server, timeoutMs } },
    );
  }
}

/** The pool was closed: it hands out nothing any more. */
export class PoolClosedError extends UpshiftError {
  readonly code = "UPSHIFT_POOL_CLOSED" as const;

  constructor(server: string) {
    super(
      `The pool of ${server} is closed. Stop what asks for connections first, then close the pool.`,
      {
        details: { server },
      },
    );
  }
}

/** There is no `pg` to make connections with. */
export class MissingDriverError extends UpshiftError {
  readonly code = "UPSHIFT_DRIVER_MISSING" as const;

  constructor(cause?: unknown) {
    super(
      "createPool needs the package `pg`, which is not installed. Run `npm install pg`, or pass the module as `driver`.",
      cause === undefined ? {} : { cause },
    );
  }
}

/** A connection that had been busy without a sign of life, while its server could not be reached or knew nothing of its statement any more. */
export class ConnectionHungError extends UpshiftError {
  readonly code = "UPSHIFT_CONNECTION_HUNG" as const;

  constructor(server: string, silentMs: number, reason: "unreachable" | "forgotten") {
    const why =
      reason === "unreachable"
        ? "the server does not answer on a new connection either"
        : "the server no longer works on its statement";
    super(
      `A connection to ${server} was closed: nothing came for ${silentMs} ms, and ${why}. Whether its statement took effect is not known.`,
      { details: { server, silentMs, reason } },
    );
  }
}

/** A statement behind a pooler, where the server keeps no limit of ours, took longer than `statementTimeout`. */
export class StatementTimeoutError extends UpshiftError {
  readonly code = "UPSHIFT_STATEMENT_TIMEOUT" as const;

  constructor(timeoutMs: number) {
    super(
      `A statement took longer than ${timeoutMs} ms and was cancelled. Make it faster, or give it a transaction with a limit of its own.`,
      { details: { timeoutMs } },
    );
  }
}

/** Text that should be a position of `db.position()` is none. */
export class InvalidPositionError extends UpshiftError {
  readonly code = "UPSHIFT_INVALID_POSITION" as const;

  constructor() {
    super(
      "This is no position that `db.position()` has made. It may have been altered on its way through a client: answer 400, or read from the primary.",
    );
  }
}

/** A transaction, with its wait for a connection and its repetitions, took longer than its `timeout`. It was rolled back. */
export class TransactionTimeoutError extends UpshiftError {
  readonly code = "UPSHIFT_TRANSACTION_TIMEOUT" as const;

  constructor(timeoutMs: number) {
    super(`A transaction took longer than ${timeoutMs} ms and was rolled back.`, {
      details: { timeoutMs },
    });
  }
}
