import { once } from "node:events";
import { type IncomingMessage, type ServerResponse } from "node:http";
import { connect, createServer as createServer2 } from "node:http2";
import type { AddressInfo } from "node:net";
import { pipeline, Readable } from "node:stream";
import { buffer, json } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { fastify, type FastifyRequest } from "fastify";
import { Hono } from "hono";
import { expect, it } from "vitest";
import { cached as cachedFastify } from "../../src/adapters/fastify.ts";
import { cached as cachedHono } from "../../src/adapters/hono.ts";
import { cached } from "../../src/cached/cached.ts";
import { cache, listen, onEnd } from "../cached-stage.ts";
import { get } from "../streaming/http-client.ts";

/** @yields a part, and then fails */
async function* broken(): AsyncGenerator<string> {
  yield "x".repeat(100);
  await new Promise((resolve) => setTimeout(resolve, 20));
  throw new Error("broken");
}

it("a handler that destroys its response is a failure for all who wait for it", async () => {
  const errors: unknown[] = [];
  const handler = cached({ cache, name: "route" }, (_request, response: ServerResponse) => {
    pipeline(Readable.from(broken()), response, () => undefined);
  });
  const port = await listen((request, response) => {
    handler(request, response).catch((error: unknown) => {
      errors.push(error);
      response.writeHead(500).end();
    });
  });
  const answers = await Promise.all([get(port), get(port)]);
  expect(answers.map(({ status }) => status)).toEqual([500, 500]);
  expect(errors).toMatchObject([{ message: "broken" }, { message: "broken" }]);
});

it("a handler that destroys its response after it became too large to keep breaks it off", async () => {
  const handler = cached({ cache, name: "route", maxBytes: 10 }, (_request, response) => {
    pipeline(Readable.from(broken()), response, () => undefined);
  });
  const port = await listen((request, response) => {
    handler(request, response).catch(() => undefined);
  });
  expect(await get(port)).toMatchObject({ status: 200, body: "x".repeat(100), isWhole: false });
});

it.each([
  ["is kept", 1_000, { status: 500 }],
  ["is too large to keep", 10, { status: 200, isWhole: false }],
])("a stream of Fastify that fails ends the request when it %s", async (_what, maxBytes, seen) => {
  const app = fastify({ forceCloseConnections: true });
  onEnd(() => app.close());
  app.get(
    "/",
    cachedFastify({ cache, name: "route", maxBytes }, (_request, reply) =>
      reply.send(Readable.from(broken())),
    ),
  );
  await app.listen({ port: 0, host: "127.0.0.1" });
  expect(await get((app.server.address() as AddressInfo).port)).toMatchObject(seen);
});

it("a body whose bytes have a checksum is sent as it is", async () => {
  const handler = cached({ cache, name: "route" }, (_request, response) => {
    response.writeHead(200, { "Content-Type": "text/plain", "Content-Digest": "sha-256=:AAAA:" });
    response.end("x".repeat(2_000));
  });
  const port = await listen((request, response) => void handler(request, response));
  const { headers } = await get(port, { headers: { "accept-encoding": "gzip" } });
  expect(headers["content-encoding"]).toBeUndefined();
});

it("what is no body is refused, and not kept as an empty one", async () => {
  let given: unknown = 42;
  const handler = cached({ cache, name: "route" }, (_request, response) => {
    response.end(given);
  });
  const port = await listen((request, response) => {
    handler(request, response).catch(() => response.writeHead(500).end());
  });
  expect((await get(port)).status).toBe(500);
  given = "text";
  expect(await get(port)).toMatchObject({ status: 200, body: "text" });
});

it("trailers that a handler announces do not come, and are no error", async () => {
  const handler = cached({ cache, name: "route" }, (_request, response) => {
    response.setHeader("Trailer", "X-Sum");
    response.addTrailers({ "X-Sum": "1" });
    response.end("text");
  });
  const port = await listen((request, response) => void handler(request, response));
  for (const _ of ["made", "kept"]) {
    const { headers, body } = await get(port);
    expect([body, headers.trailer]).toEqual(["text", undefined]);
  }
});

it("a response of HTTP/2 is kept, with its lists, and sent whole when it is too large", async () => {
  let runs = 0;
  const handler = cached({ cache, name: "route", maxBytes: 5_000 }, (request, response) => {
    runs += 1;
    response.setHeader("X-Run", runs);
    response.setHeader("Content-Type", "text/plain");
    response.setHeader("Link", ["<a>; rel=a", "<b>; rel=b"]);
    response.writeHead(200, { "X-Path": request.url });
    response.write("x".repeat(2_000));
    response.end(request.url === "/large" ? "y".repeat(8_000) : undefined);
  });
  const server = createServer2((request, response) => {
    const like = [request, response] as unknown as [IncomingMessage, ServerResponse];
    void handler(...like);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onEnd(() => {
    session.destroy();
    server.close();
  });
  const ask = async (path: string, fields: Record<string, string> = {}): Promise<object> => {
    const asked = session.request({ ":path": path, "accept-encoding": "gzip", ...fields });
    const [head] = (await once(asked, "response")) as [Record<string, unknown>];
    const bytes = await buffer(asked);
    const body = head["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes;
    const { link, "x-path": seen, "x-run": run } = head;
    return { link, path: seen, size: body.byteLength, run };
  };
  const small = { link: "<a>; rel=a, <b>; rel=b", path: "/", size: 2_000, run: "1" };
  expect([await ask("/"), await ask("/")]).toEqual([small, small]);
  expect(await ask("/large")).toEqual({ ...small, path: "/large", size: 10_000, run: "2" });
  // What is of one host is of no other, by whichever name.
  const other = { ":authority": "other.example" };
  expect([await ask("/", other), await ask("/", other)]).toMatchObject([
    { run: "3" },
    { run: "3" },
  ]);
  const both = { ...other, host: "third.example" };
  expect([await ask("/", both), await ask("/", both)]).toMatchObject([{ run: "4" }, { run: "5" }]);
  const shouted = { ":authority": "OTHER.example" };
  expect(await ask("/", shouted)).toMatchObject({ run: "3" });
  const swapped = { ":authority": "third.example", host: "other.example" };
  expect(await ask("/", swapped)).toMatchObject({ run: "6" });
});

it("in Fastify a response of HTTP/2 is kept for its host", async () => {
  const options: object = { http2: true };
  const app = fastify(options);
  let runs = 0;
  const handler = cachedFastify({ cache, name: "route" }, (request: FastifyRequest) => ({
    host: request.host,
    run: (runs += 1),
  }));
  app.get("/", handler);
  await app.listen({ port: 0, host: "127.0.0.1" });
  const session = connect(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
  onEnd(async () => {
    session.destroy();
    await app.close();
  });
  const ask = async (authority: string): Promise<unknown> =>
    await json(session.request({ ":path": "/", ":authority": authority }));
  const answers = [await ask("a.example"), await ask("b.example"), await ask("A.example")];
  expect(answers).toEqual([
    { host: "a.example", run: 1 },
    { host: "b.example", run: 2 },
    { host: "a.example", run: 1 },
  ]);
});

it("in Hono a response is kept for the host of its URL, with a field for it or without", async () => {
  let runs = 0;
  const app = new Hono();
  app.get(
    "/",
    cachedHono(
      { cache, name: "route" },
      (context) => new Response(`${context.req.url} ${(runs += 1)}`),
    ),
  );
  const ask = async (origin: string, headers: Record<string, string> = {}): Promise<string> =>
    await (await app.request(`${origin}/`, { headers })).text();
  expect([
    await ask("http://a.example"),
    await ask("http://b.example"),
    await ask("http://a.example", { host: "A.example" }),
    await ask("http://a.example", { host: "b.example" }),
  ]).toEqual([
    "http://a.example/ 1",
    "http://b.example/ 2",
    "http://a.example/ 1",
    "http://a.example/ 3",
  ]);
});

it("fields given to writeHead as a list replace those that were set, and keep their lists", async () => {
  const handler = cached({ cache, name: "route" }, (_request, response) => {
    response.setHeader("Content-Type", "image/png");
    response.setHeader("X-List", "before");
    response.writeHead(200, ["Content-Type", "text/plain", "X-List", "a", "X-List", "b"]);
    response.end("text");
  });
  const port = await listen((request, response) => void handler(request, response));
  const { headers } = await get(port);
  expect(headers).toMatchObject({ "content-type": "text/plain", "x-list": "a, b" });
});
