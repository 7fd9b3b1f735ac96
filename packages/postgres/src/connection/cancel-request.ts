import { connect } from "node:net";
import type { Queryable } from "./queryable.ts";

/** Protocol message `CancelRequest`: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const CANCEL_REQUEST_CODE = 80_877_102;
const CANCEL_REQUEST_BYTES = 16;
const GIVE_UP_AFTER_MS = 2_000;
/** A pooler holds a request back while all of its connections are in use, PgBouncer for up to 10 s. */
const GIVE_UP_KEPT_AFTER_MS = 15_000;

/** What pg's `Client` knows of its backend. */
interface BackendAddress {
  readonly processID: number;
  readonly secretKey: number;
  readonly host: string;
  readonly port: number;
}

/**
 * Asks the server to cancel what this connection is running. Best effort: it resolves when the request was sent or could not be, and says
 * nothing about the outcome.
 *
 * The request can reach the server late and hit the connection's next statement, so the connection must not be used again
 * before its current statement has ended and this has resolved.
 *
 * @param isKept - the connection is used again in any case, so that a request which is under way is waited for much longer
 */
export function requestCancel(connection: Queryable, isKept: boolean): Promise<void> {
  if (connection.cancelRunning !== undefined) {
    return connection.cancelRunning().catch(() => undefined);
  }
  const address = backendAddress(connection);
  if (address === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    const isSocketFolder = address.host.startsWith("/");
    const socket = isSocketFolder
      ? connect({ path: `${address.host}/.s.PGSQL.${address.port}` })
      : connect({ host: address.host, port: address.port });
    const done = (): void => {
      socket.destroy();
      resolve();
    };
    socket.setTimeout(GIVE_UP_AFTER_MS, done);
    socket.once("error", done);
    // The server closes the connection once it has passed the signal on. Our side stays open until then: PgBouncer 1.18 dies of one that closes first.
    socket.once("close", done);
    socket.once("connect", () => {
      if (isKept) socket.setTimeout(GIVE_UP_KEPT_AFTER_MS);
      socket.write(cancelMessage(address));
    });
    socket.resume();
  });
}

function cancelMessage({ processID, secretKey }: BackendAddress): Buffer {
  const message = Buffer.alloc(CANCEL_REQUEST_BYTES);
  message.writeInt32BE(CANCEL_REQUEST_BYTES, 0);
  message.writeInt32BE(CANCEL_REQUEST_CODE, 4);
  message.writeInt32BE(processID, 8);
  message.writeInt32BE(secretKey, 12);
  return message;
}

function backendAddress(connection: Queryable): BackendAddress | undefined {
  return isBackendAddress(connection) ? connection : undefined;
}

function isBackendAddress(value: object): value is BackendAddress {
  const { processID, secretKey, host, port }: Partial<Record<keyof BackendAddress, unknown>> =
    value;
  return (
    typeof processID === "number" &&
    typeof secretKey === "number" &&
    typeof host === "string" &&
    typeof port === "number"
  );
}
