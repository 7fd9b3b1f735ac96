import { EventEmitter, once } from "node:events";
import { type ServerResponse } from "node:http";
import { connect } from "node:net";
import express from "express";
import { type FastifyReply, type FastifyRequest } from "fastify";
import { Hono } from "hono";
import { expect, it } from "vitest";
import { cached as cachedExpress } from "../../src/adapters/express.ts";
import { cached as cachedFastify } from "../../src/adapters/fastify.ts";
import { cached as cachedHono } from "../../src/adapters/hono.ts";
import { cached } from "../../src/cached/cached.ts";
import { cache, listen, listenFastify } from "../cached-stage.ts";
import { get, open, read, until } from "../streaming/http-client.ts";

const onWarning = (): void => undefined;
const SHORT = { loadTimeout: { hard: 100 } };
const later = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

it("what a handler throws that looked at one request is not for those that wait", async () => {
  const handler = cached({ cache, name: "route", onWarning }, async (request, response) => {
    const user = request.headers["x-user"];
    await later(50);
    if (user !== "admin") throw new Error(`nothing for ${String(user)}`);
    response.end("secret");
  });
  const port = await listen((request, response) => {
    handler(request, response).catch((error: Error) => response.writeHead(403).end(error.message));
  });
  const first = get(port, { headers: { "x-user": "ann" } });
  await later(20);
  const second = get(port, { headers: { "x-user": "admin" } });
  expect([await first, await second]).toMatchObject([
    { status: 403, body: "nothing for ann" },
    { status: 200, body: "secret" },
  ]);
});

it("a HEAD that comes first in Fastify leaves no empty body for a GET", async () => {
  const port = await listenFastify((app) => {
    app.get(
      "/",
      cachedFastify({ cache, name: "route" }, () => ({ some: "thing" })),
    );
  });
  const head = await get(port, { method: "HEAD" });
  expect(await get(port)).toMatchObject({ status: 200, body: '{"some":"thing"}' });
  expect(head.headers["content-length"]).toBe("16");
});

it("what a hook of Fastify left on the reply is there for the handler, and not shared", async () => {
  const port = await listenFastify((app) => {
    app.decorateReply("user", null);
    app.addHook("onRequest", async (request: FastifyRequest, reply: FastifyReply) => {
      Object.assign(reply, { user: request.headers["x-user"] });
    });
    app.get(
      "/",
      cachedFastify(
        { cache, name: "route", onWarning },
        (_request: FastifyRequest, reply: FastifyReply) => `for ${Reflect.get(reply, "user")}`,
      ),
    );
  });
  for (const user of ["ann", "bob"])
    expect((await get(port, { headers: { "x-user": user } })).body).toBe(`for ${user}`);
});

const renderNothing = async (_request: unknown, response: express.Response): Promise<void> => {
  await later(20);
  response.render(`${import.meta.dirname}/no.none`);
};

it("a view of Express that fails is an error for all who wait, at once", async () => {
  const app = express();
  app.engine("none", (_path, _values, done) => done(new Error("no view")));
  const policy = { loadTimeout: { hard: 5_000 } };
  app.get("/", cachedExpress({ cache, name: "route", policy }, renderNothing));
  app.use((_error: Error, _request: unknown, response: express.Response, _next: unknown) => {
    response.status(500).send("failed");
  });
  const port = await listen(app);
  const begunMs = performance.now();
  const answers = await Promise.all([get(port), get(port)]);
  expect(answers.map(({ body }) => body)).toEqual(["failed", "failed"]);
  expect(performance.now() - begunMs).toBeLessThan(4_000);
});

it("a large response may take longer than a load, and is whole", async () => {
  const options = { cache, name: "route", maxBytes: 10, policy: SHORT, onWarning };
  const handler = cached(options, async (_request, response) => {
    for (let count = 0; count < 10; count += 1) {
      response.write("x".repeat(100));
      await later(30);
    }
    response.end();
  });
  const port = await listen((request, response) => {
    handler(request, response).catch(() => response.destroy());
  });
  expect(await get(port)).toMatchObject({ body: "x".repeat(1_000), isWhole: true });
});

it("nobody waits for a slow reader of a large response", async () => {
  const handler = cached({ cache, name: "route", onWarning }, (_request, response) => {
    response.write("x".repeat(2 ** 21));
    const isSlow = count === 0;
    count += 1;
    if (!isSlow) response.end();
  });
  let count = 0;
  const port = await listen((request, response) => {
    handler(request, response).catch(() => response.destroy());
  });
  const slow = await open(port);
  const other = await get(port);
  expect([other.isWhole, other.body.length]).toEqual([true, 2 ** 21]);
  slow.destroy();
});

it("a handler is told that the client of its large response has left", async () => {
  let isClosed = false;
  const handler = cached(
    { cache, name: "route", maxBytes: 10, onWarning },
    (_request, response: ServerResponse) => {
      const timer = setInterval(() => response.write("x".repeat(1_000)), 5);
      response.on("close", () => {
        clearInterval(timer);
        isClosed = true;
      });
    },
  );
  const answers: unknown[] = [];
  const port = await listen((request, response) => {
    handler(request, response).then(
      () => answers.push("left"),
      (error: unknown) => answers.push(error),
    );
  });
  const response = await open(port);
  response.on("error", () => undefined).destroy();
  await until(() => isClosed && answers.length > 0);
  expect(answers).toEqual(["left"]);
  // A HEAD wants no body at all.
  isClosed = false;
  await get(port, { method: "HEAD", path: "/other" });
  await until(() => isClosed);
});

it("a large response of Express that fails is broken off for HTTP/1.0, and told to the application", async () => {
  const client = new EventEmitter();
  const app = express();
  app.get(
    "/",
    cachedExpress({ cache, name: "route", maxBytes: 10, onWarning }, async (_request, response) => {
      response.write("x".repeat(100));
      // Node takes a reset that comes together with the bytes before it for the end.
      await once(client, "read");
      throw new Error("broken");
    }),
  );
  const told: string[] = [];
  app.use((error: Error, _request: unknown, _response: unknown, next: (e: Error) => void) => {
    told.push(error.message);
    next(error);
  });
  app.set("env", "test");
  const port = await listen(app);
  const ended = await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.0\r\n\r\n"));
    socket.on("error", () => resolve("reset")).on("end", () => resolve("ended"));
    socket.on("data", () => client.emit("read"));
  });
  expect([ended, told]).toEqual(["reset", ["broken"]]);
});

it("an answer that comes after its load was given up is not sent on top of the error", async () => {
  const port = await listenFastify((app) => {
    app.get(
      "/",
      cachedFastify(
        { cache, name: "route", policy: SHORT, onWarning },
        async ({ headers }: FastifyRequest) => {
          const user = headers["x-user"];
          await later(200);
          return `late for ${String(user)}`;
        },
      ),
    );
    app.setErrorHandler(async (_error: unknown, _request: FastifyRequest, reply: FastifyReply) => {
      await later(200);
      return await reply.code(503).send("given up");
    });
  });
  expect(await get(port)).toMatchObject({ status: 503, body: "given up" });
});

it("a handler whose load is given up is told, and a stream of Hono is ended", async () => {
  let closeCount = 0;
  const handler = cached({ cache, name: "route", policy: SHORT }, (_request, response) => {
    response.on("close", () => (closeCount += 1));
  });
  const port = await listen((request, response) => {
    handler(request, response).catch(() => response.writeHead(503).end());
  });
  expect((await get(port)).status).toBe(503);
  const source = (): ReadableStream =>
    new ReadableStream({ cancel: () => void (closeCount += 1) }, { highWaterMark: 0 });
  const app = new Hono();
  app.onError(() => new Response("given up", { status: 503 }));
  app.get(
    "/",
    cachedHono({ cache, name: "hono", policy: SHORT }, () => new Response(source())),
  );
  expect((await app.request("/")).status).toBe(503);
  await until(() => closeCount === 2);
});

it("in Hono the source of a large body ends when only its head was asked for", async () => {
  let isCancelled = false;
  const source = (): ReadableStream =>
    new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(100)),
      cancel: () => void (isCancelled = true),
    });
  const app = new Hono();
  app.get(
    "/",
    cachedHono({ cache, name: "route", maxBytes: 10, onWarning }, () => new Response(source())),
  );
  expect(await (await app.request("/", { method: "HEAD" })).text()).toBe("");
  await until(() => isCancelled);
});

it("a response refuses what a real one refuses after its end", async () => {
  const codes: unknown[] = [];
  const handler = cached({ cache, name: "route" }, (_request, response) => {
    response.end("text");
    for (const act of [
      () => response.setHeader("X-Late", "1"),
      () => response.removeHeader("X-Late"),
      () => response.appendHeader("X-Late", "1"),
      () => response.writeHead(500),
    ])
      try {
        act();
        codes.push("nothing");
      } catch (error) {
        codes.push(Reflect.get(Object(error), "code"));
      }
  });
  const port = await listen((request, response) => void handler(request, response));
  expect(await read(await open(port))).toMatchObject({ status: 200, body: "text" });
  expect(codes).toEqual(Array(4).fill("ERR_HTTP_HEADERS_SENT"));
});
