/** What pg keeps of a connection's socket. */
export interface Socket {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly destroyed: boolean;
  destroy(error: Error): unknown;
}

/** The socket below a client of pg, TLS or not; `undefined` below pg-native and other drivers. */
export function socketOf(client: object): Socket | undefined {
  const stream = streamOf(client);
  return stream !== undefined && isSocket(stream) ? stream : undefined;
}

/** True when nothing can come from it any more, whether its driver has noticed or not. */
export function isCutOff(client: object): boolean {
  const stream = streamOf(client);
  return stream !== undefined && "destroyed" in stream && stream.destroyed === true;
}

function streamOf(client: object): object | undefined {
  if (!("connection" in client) || !isObject(client.connection)) return undefined;
  const { connection } = client;
  return "stream" in connection && isObject(connection.stream) ? connection.stream : undefined;
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
