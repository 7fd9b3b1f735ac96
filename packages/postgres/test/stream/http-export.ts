import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A server on a port of its own that answers every request in the same way. */
export interface ExportServer {
  readonly port: number;
  close(): Promise<void>;
}

export async function serve(handle: (response: ServerResponse) => void): Promise<ExportServer> {
  const server = createServer((_, response) => handle(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
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
  readonly trailers: IncomingMessage["trailers"];
  readonly body: string;
  /** Whether the response ended as HTTP says that it does. */
  readonly isWhole: boolean;
}

/** Begins a request; the response is not read yet. */
export function open(port: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ port, host: "127.0.0.1", agent: false }, resolve).on("error", reject).end();
  });
}

export async function read(response: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = [];
  response.on("data", (chunk: Buffer) => chunks.push(chunk));
  response.on("error", () => undefined);
  await new Promise<void>((resolve) => response.once("close", resolve));
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    trailers: response.trailers,
    body: Buffer.concat(chunks).toString(),
    isWhole: response.complete,
  };
}
