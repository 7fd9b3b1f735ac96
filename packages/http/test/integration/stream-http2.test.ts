import { once } from "node:events";
import type { ServerResponse } from "node:http";
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type Http2Server,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stream, type StreamResult, type StreamSource } from "../../src/index.ts";
import { until } from "../streaming/http-client.ts";

let server: Http2Server;
let session: ClientHttp2Session;
let source: StreamSource;
let results: StreamResult[];
let taken: number;

beforeEach(async () => {
  results = [];
  taken = 0;
  server = createServer((_, response) => {
    // What Express and others take it for.
    const like = response as unknown as ServerResponse;
    void stream(like, source, { idleTimeout: 500 }).then((result) => results.push(result));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterEach(async () => {
  session.destroy();
  await new Promise((resolve) => server.close(resolve));
});

async function* rows(to: number, error?: Error): AsyncGenerator<object> {
  for (let n = 1; n <= to; n += 1) {
    taken += 1;
    yield { n, x: "x".repeat(500) };
  }
  if (error !== undefined) throw error;
}

async function ask(headers: Record<string, string> = {}) {
  const request = session.request({ ":path": "/", ...headers });
  const failed = once(request, "error").then(([error]) => error as Error);
  failed.catch(() => undefined);
  const [head] = (await once(request, "response")) as [Record<string, unknown>];
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(request, "close").catch(() => undefined);
  return { head, body: Buffer.concat(chunks), code: request.rstCode };
}

test("a response of HTTP/2 is streamed and compressed", async () => {
  source = rows(1_000);
  const { head, body, code } = await ask({ "accept-encoding": "gzip" });
  expect(head).toMatchObject({ ":status": 200, "content-encoding": "gzip" });
  expect(JSON.parse(gunzipSync(body).toString())).toHaveLength(1_000);
  expect(code).toBe(0);
  await until(() => results.length === 1);
  expect(results[0]?.isComplete).toBe(true);
});

test("a failure before the first byte has a status, a later one resets the stream", async () => {
  source = rows(0, new Error("secret"));
  expect((await ask()).head).toMatchObject({ ":status": 500 });
  source = rows(2_000, new Error("secret"));
  const late = await ask();
  expect(late.head).toMatchObject({ ":status": 200 });
  expect(late.code).not.toBe(0);
});

test("a client that resets its stream or does not read ends the source", async () => {
  source = rows(1e9);
  const request = session.request({ ":path": "/" });
  await once(request, "data");
  request.close(constants.NGHTTP2_CANCEL);
  await until(() => results.length === 1);
  expect(results[0]).toMatchObject({ error: { code: "UPSHIFT_RESPONSE_CLOSED" } });
  taken = 0;
  source = rows(1e9);
  const slow = session.request({ ":path": "/" });
  slow.on("error", () => undefined);
  await once(slow, "response");
  await until(() => results.length === 2);
  expect(results[1]).toMatchObject({ error: { code: "UPSHIFT_RESPONSE_IDLE" } });
  // A window of 64 KB and what buffers hold; the source had no end.
  expect(taken).toBeLessThan(5_000);
});
