import {
  createServer,
  type IncomingMessage,
  request,
  type RequestListener,
  type RequestOptions,
} from "node:http";
import type { AddressInfo } from "node:net";

/** A server on a port of its own. */
export interface TestServer {
  readonly port: number;
  /** Connections that are open now. */
  connectionCount(): Promise<number>;
  close(): Promise<void>;
}

export async function serve(handle: RequestListener): Promise<TestServer> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connectionCount: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
      ),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** What a client saw of a response. */
export interface Seen {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** As it came, in its coding. */
  readonly bytes: Buffer;
  readonly body: string;
  /** Whether the response ended as HTTP says that it does. */
  readonly isWhole: boolean;
}

/** Begins a request; the response is not read yet. */
export function open(
  port: number,
  options: Omit<RequestOptions, "port" | "host"> = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ agent: false, ...options, port, host: "127.0.0.1" }, resolve)
      .on("error", reject)
      .end();
  });
}

export async function read(response: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = [];
  response.on("data", (chunk: Buffer) => chunks.push(chunk));
  response.on("error", () => undefined);
  await new Promise<void>((resolve) => response.once("close", resolve));
  const bytes = Buffer.concat(chunks);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    bytes,
    body: bytes.toString(),
    isWhole: response.complete,
  };
}

export async function get(
  port: number,
  options: Omit<RequestOptions, "port" | "host"> = {},
): Promise<Seen> {
  return await read(await open(port, options));
}

/** Waits until what is asked for is so; the test's own time limit ends it. */
export async function until(isReached: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isReached())) await new Promise((resolve) => setTimeout(resolve, 5));
}
