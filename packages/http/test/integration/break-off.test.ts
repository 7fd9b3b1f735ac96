import { EventEmitter, once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { connect as connect2, constants, createServer as createServer2 } from "node:http2";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Server, type Socket } from "node:net";
import { Readable } from "node:stream";
import { connect as connectTls } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { send, stream } from "../../src/index.ts";

let server: Server | undefined;
afterEach(() => new Promise((resolve) => server?.close(resolve)));

async function listen(started: Server): Promise<number> {
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  return (started.address() as AddressInfo).port;
}

/** Where the client tells that something has arrived: Node takes a reset that comes together with the bytes before it for the end. */
const client = new EventEmitter();

/** @yields the value, and fails when it has arrived */
async function* failingLater<Value>(value: Value): AsyncGenerator<Value> {
  yield value;
  await once(client, "read");
  throw new Error("late");
}

const sendFailing = (response: ServerResponse): void => {
  const body = failingLater(Buffer.from("a part of it"));
  Promise.resolve(send(response, body, { compression: false })).catch(() => undefined);
};

/** How the connection ends for a client to whom its end is the end of the body. */
async function endOf(socket: Socket): Promise<unknown> {
  socket.write("GET / HTTP/1.0\r\n\r\n");
  socket.on("data", () => client.emit("read"));
  const ended = once(socket, "end").then(() => "in order");
  return await ended.catch((error: unknown) => error);
}

test("a client of HTTP/1.0 sees that a body that was sent is not whole", async () => {
  const port = await listen(createServer((_, response) => sendFailing(response)));
  expect(await endOf(connect(port, "127.0.0.1"))).toMatchObject({ code: "ECONNRESET" });
});

test("a client of HTTP/2 sees that a body that was sent is not whole", async () => {
  const port = await listen(
    createServer2((_, response) => sendFailing(response as unknown as ServerResponse)),
  );
  const session = connect2(`http://127.0.0.1:${port}`);
  const request = session.request({ ":path": "/" }).on("data", () => client.emit("read"));
  const ended = once(request, "close");
  await expect(ended).rejects.toMatchObject({ code: "ERR_HTTP2_STREAM_ERROR" });
  session.destroy();
});

test.each([
  ["sent", (response: ServerResponse, body: AsyncIterable<Buffer>) => send(response, body)],
  ["streamed", (response: ServerResponse, body: AsyncIterable<Buffer>) => stream(response, body)],
])("a body that is %s to a client of HTTP/2 that has left is ended", async (_how, answer) => {
  const settled: string[] = [];
  const body = new Readable({ read: () => body.push("more") });
  body.on("close", () => settled.push("source"));
  const port = await listen(
    createServer2((_, response) => {
      const like = response as unknown as ServerResponse;
      // When nothing will tell of it any more.
      response.stream.once("close", () =>
        setImmediate(() => {
          void Promise.resolve(answer(like, body)).then(() => settled.push("call"));
        }),
      );
    }),
  );
  const session = connect2(`http://127.0.0.1:${port}`);
  const request = session.request({ ":path": "/" }).resume();
  await new Promise((resolve) => setTimeout(resolve, 50));
  request.close(constants.NGHTTP2_CANCEL);
  await expect.poll(() => settled.toSorted()).toEqual(["call", "source"]);
  session.destroy();
});

test("over TLS a client of HTTP/1.0 sees that a stream is not whole, and its call is fulfilled", async () => {
  const psk = Buffer.from("shared");
  const common = { ciphers: "PSK", maxVersion: "TLSv1.2" } as const;
  const results: unknown[] = [];
  const port = await listen(
    createTlsServer({ ...common, pskCallback: () => psk }, (_, response) => {
      void stream(response, failingLater({ n: 1 })).then((result) => results.push(result));
    }),
  );
  const socket = connectTls({
    ...common,
    port,
    host: "127.0.0.1",
    pskCallback: () => ({ psk, identity: "client" }),
    checkServerIdentity: () => undefined,
  });
  expect(await endOf(socket)).toMatchObject({ code: "ECONNRESET" });
  await expect
    .poll(() => results)
    .toMatchObject([{ isComplete: false, error: { message: "late" } }]);
});
