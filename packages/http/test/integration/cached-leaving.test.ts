import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { setTimeout as later } from "node:timers/promises";
import express from "express";
import { type FastifyReply, type FastifyRequest } from "fastify";
import { Hono } from "hono";
import { expect, it } from "vitest";
import { cached as cachedExpress } from "../../src/adapters/express.ts";
import { cached as cachedFastify } from "../../src/adapters/fastify.ts";
import { cached as cachedHono } from "../../src/adapters/hono.ts";
import { cached } from "../../src/cached/cached.ts";
import { cache, listen, listenFastify } from "../cached-stage.ts";
import { get, until } from "../streaming/http-client.ts";

/** The second of two that wait for one load, the first of which leaves. */
async function afterFirstLeft(port: number): Promise<object> {
  const leaving = new AbortController();
  const first = fetch(`http://127.0.0.1:${port}/`, { signal: leaving.signal });
  await later(30);
  const second = get(port);
  await later(30);
  leaving.abort();
  await first.catch(() => undefined);
  return await second;
}

const MADE = { status: 200, body: "made" };

it("who waits for a handler is not left alone when the client leaves for which it runs", async () => {
  const handler = cached({ cache, name: "route" }, async (request, response) => {
    const gone = new AbortController();
    request.on("close", () => gone.abort());
    request.once("aborted", () => gone.abort());
    await later(200, undefined, { signal: gone.signal });
    response.end(request.destroyed || request.aborted ? "gone" : "made");
  });
  const port = await listen((request, response) => {
    handler(request, response).catch(() => response.writeHead(500).end());
  });
  expect(await afterFirstLeft(port)).toMatchObject(MADE);
});

const bySignal = async ({ signal }: FastifyRequest): Promise<string> => {
  await later(200, undefined, { signal });
  return "made";
};

it("nor by the signal of Fastify", async () => {
  const port = await listenFastify((app) => {
    app.get("/", cachedFastify({ cache, name: "route" }, bySignal));
  });
  expect(await afterFirstLeft(port)).toMatchObject(MADE);
});

it("nor by the signal of Hono", async () => {
  const app = new Hono();
  app.get(
    "/",
    cachedHono({ cache, name: "route" }, async ({ req }) => {
      await later(100, undefined, { signal: req.raw.signal });
      return new Response("made");
    }),
  );
  const leaving = new AbortController();
  const first = app.request("/", { signal: leaving.signal });
  const second = app.request("/");
  await later(20);
  leaving.abort();
  await first;
  expect(await (await second).text()).toBe("made");
});

it("a handler that gives up when its client leaves still renews what is stale", async () => {
  let runs = 0;
  const policy = { ttl: 50, staleFor: "1h" };
  const handler = cached({ cache, name: "route", policy }, async (request, response) => {
    const gone = new AbortController();
    request.on("close", () => gone.abort());
    await later(20, undefined, { signal: gone.signal });
    response.end(String((runs += 1)));
  });
  const port = await listen((request, response) => void handler(request, response));
  expect((await get(port)).body).toBe("1");
  await until(async () => (await get(port)).body === "2");
});

const large = (response: ServerResponse): void => {
  response.setHeader("Cache-Control", "public, max-age=60");
  Readable.from(["x".repeat(100)]).pipe(response);
};

it("a large response for shared caches with a cookie that was set before is refused", async () => {
  const app = express();
  const options = { cache, maxBytes: 10, onWarning: (): void => undefined };
  app.use((_request, response, next) => {
    response.cookie("session", "of ann");
    next();
  });
  app.get(
    "/",
    cachedExpress({ ...options, name: "express" }, (_request, response: express.Response) =>
      large(response),
    ),
  );
  app.use((_e: Error, _request: unknown, response: express.Response, _next: unknown) => {
    response.set("Cache-Control", "no-store").status(500).end();
  });
  expect((await get(await listen(app))).status).toBe(500);
  const port = await listenFastify((other) => {
    other.addHook("onRequest", async (_request, reply: FastifyReply) => {
      reply.header("set-cookie", "session=of-ann");
    });
    other.get(
      "/",
      cachedFastify({ ...options, name: "fastify" }, (_request, reply: FastifyReply) =>
        large(reply.raw),
      ),
    );
  });
  expect((await get(port)).status).toBe(500);
});

it("in Hono such a response ends its source", async () => {
  let isCancelled = false;
  const source = (): ReadableStream =>
    new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(100)),
      cancel: () => void (isCancelled = true),
    });
  const app = new Hono();
  app.onError(() => new Response("refused", { status: 500 }));
  app.use(async (context, next) => {
    context.header("Set-Cookie", "session=of-ann");
    await next();
  });
  const headers = { "Cache-Control": "public, max-age=60" };
  app.get(
    "/",
    cachedHono({ cache, name: "route", maxBytes: 10 }, () => new Response(source(), { headers })),
  );
  expect((await app.request("/")).status).toBe(500);
  await until(() => isCancelled);
});

it("a handler of Fastify has its instance as `this`, and a query with large numbers", async () => {
  const port = await listenFastify((app) => {
    app.decorate("greeting", "hello");
    app.addHook("preValidation", async (request) => {
      request.query = { number: 5n };
    });
    app.get(
      "/",
      cachedFastify(
        { cache, name: "route" },
        function greet(this: unknown, { query }: FastifyRequest) {
          return `${Reflect.get(Object(this), "greeting")} ${Reflect.get(Object(query), "number")}`;
        },
      ),
    );
  });
  expect(await get(port)).toMatchObject({ status: 200, body: "hello 5" });
});
