/** What pg keeps of a connection's socket. */
export interface Socket {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly destroyed: boolean;
  destroy(error: Error): unknown;
}

/** The socket below a client of pg, TLS or not; `undefined` below pg-native. */
export function socketOf(client: object): Socket | undefined {
  if (!("connection" in client) || !isObject(client.connection)) return undefined;
  if (!("stream" in client.connection) || !isObject(client.connection.stream)) return undefined;
  return isSocket(client.connection.stream) ? client.connection.stream : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isSocket(value: object): value is Socket {
  return (
    "bytesRead" in value &&
    typeof value.bytesRead === "number" &&
    "bytesWritten" in value &&
    "destroyed" in value &&
    "destroy" in value &&
    typeof value.destroy === "function"
  );
}

/** True when nothing can come from it any more, whether its driver has noticed or not. */
export function isCutOff(client: object): boolean {
  return socketOf(client)?.destroyed === true;
}
