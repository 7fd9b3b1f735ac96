import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { pipeline, Readable } from "node:stream";
import type { AddressInfo } from "node:net";
import { type Cache, createCache } from "@upshift/cache";
import { fastify } from "fastify";
import { afterEach, beforeEach, expect, it } from "vitest";
import { cached as cachedFastify } from "../../src/adapters/fastify.ts";
import { cached } from "../../src/cached/cached.ts";
import { get } from "../streaming/http-client.ts";

let cache: Cache;
let close: () => unknown;
beforeEach(() => {
  cache = createCache();
  close = () => undefined;
});
afterEach(async () => {
  await close();
  await cache.close();
});

async function listen(listener: RequestListener): Promise<number> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  return (server.address() as AddressInfo).port;
}

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
  close = () => app.close();
  app.get(
    "/",
    cachedFastify({ cache, name: "route", maxBytes }, (_request, reply) =>
      reply.send(Readable.from(broken())),
    ),
  );
  await app.listen({ port: 0, host: "127.0.0.1" });
  expect(await get((app.server.address() as AddressInfo).port)).toMatchObject(seen);
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
