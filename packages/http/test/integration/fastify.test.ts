import { createCache } from "@upshift/cache";
import { fastify } from "fastify";
import { afterEach, expect, it } from "vitest";
import { cached, requestFacts, send } from "../../src/adapters/fastify.ts";
import { cached as cachedOfNode } from "../../src/cached/cached.ts";
import { send as sendOfNode } from "../../src/send/send.ts";

let app = fastify();

afterEach(async () => {
  await app.close();
  app = fastify();
});

it("onRequest, preHandler and onResponse see the response, onSend and preSerialization do not", async () => {
  const seen: string[] = [];
  app.addHook("onRequest", async () => void seen.push("onRequest"));
  app.addHook("preHandler", async () => void seen.push("preHandler"));
  app.addHook("preSerialization", async () => void seen.push("preSerialization"));
  app.addHook("onSend", async () => void seen.push("onSend"));
  app.addHook(
    "onResponse",
    async (_request, reply) => void seen.push(`onResponse ${reply.statusCode}`),
  );
  app.get("/", (_request, reply) => send(reply, { id: 1 }));
  const answer = await app.inject("/");
  expect(answer.json()).toEqual({ id: 1 });
  await expect.poll(() => seen).toEqual(["onRequest", "preHandler", "onResponse 200"]);
});

it("a handler that is asynchronous may await it", async () => {
  app.get("/", async (_request, reply) => {
    reply.code(201);
    await send(reply, async () => await Promise.resolve({ id: 2 }));
  });
  const answer = await app.inject("/");
  expect([answer.statusCode, answer.json()]).toEqual([201, { id: 2 }]);
});

it("a second response is refused, and the first one stands", async () => {
  let code: unknown;
  app.get("/", (_request, reply) => {
    void send(reply, { id: 1 });
    try {
      void send(reply, { id: 2 });
    } catch (error) {
      ({ code } = error as { code: unknown });
    }
  });
  expect((await app.inject("/")).json()).toEqual({ id: 1 });
  expect(code).toBe("UPSHIFT_HTTP_RESPONSE_STARTED");
});

it("HEAD of a route of GET is its head", async () => {
  app.get("/", (_request, reply) => send(reply, { id: 1 }));
  const answer = await app.inject({ method: "HEAD", url: "/" });
  expect([answer.statusCode, answer.headers["content-length"], answer.body]).toEqual([
    200,
    "8",
    "",
  ]);
});

it("the facts of a request have the address as it came", async () => {
  app.get("/a", (request, reply) => {
    const facts = requestFacts(request);
    return send(reply, [facts.method, facts.url, facts.header("x-one"), facts.header("x-none")]);
  });
  const answer = await app.inject({ url: "/a?b=%20", headers: { "X-One": "1" } });
  expect(answer.json()).toEqual(["GET", "/a?b=%20", "1", null]);
});

it("what is for node:http says that it is not for a reply", async () => {
  app.get("/send", (_request, reply) => sendOfNode(reply as never, { id: 1 }));
  const handler = cachedOfNode({ cache: createCache(), name: "wrong" }, () => undefined);
  app.get("/cached", (request, reply) => handler(request as never, reply as never));
  for (const of of ["send", "cached"]) {
    expect((await app.inject(`/${of}`)).json()).toMatchObject({
      message: expect.stringContaining(`\`${of}\` of node:http and Express to get their response`),
    });
  }
});

it.each(["kept", "for one request"])(
  "a cookie of a hook on a public response that is %s goes to the error handler",
  async (kind) => {
    app.addHook("onRequest", async (_request, reply) => void reply.header("set-cookie", "id=1"));
    app.get(
      "/",
      cached({ cache: createCache(), name: "public", public: true }, async (request, reply) => {
        reply.header("cache-control", "public, max-age=60");
        return kind === "kept" ? [] : [request.headers["user-agent"]];
      }),
    );
    const answer = await app.inject({ url: "/", signal: AbortSignal.timeout(2_000) });
    expect(answer.json()).toMatchObject({ statusCode: 500, code: "UPSHIFT_HTTP_PUBLIC_COOKIE" });
  },
);
