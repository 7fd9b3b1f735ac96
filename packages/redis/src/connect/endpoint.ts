import type { ConnectionOptions as TlsOptions } from "node:tls";

/** All that opening a connection to one node takes. Holds secrets: it goes into no error and no log. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** A Unix socket, in place of host and port. */
  readonly path?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly database: number;
  /** `undefined`: no TLS. */
  readonly tls?: TlsOptions | undefined;
  /** As CLIENT LIST shows the connection. */
  readonly name?: string | undefined;
  readonly connectTimeoutMs: number;
}
