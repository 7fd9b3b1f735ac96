import {
  createServer,
  type IncomingMessage,
  request as ask,
  type Server,
  type ServerResponse,
} from "node:http";
import {
  connect,
  createServer as createServer2,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type Cache, createCache } from "@upshift/cache";
import { fastify, type FastifyRequest } from "fastify";
import { Hono } from "hono";
import { afterEach, beforeEach, expect, it } from "vitest";
import { cached as cachedFastify } from "../../src/adapters/fastify.ts";
import { cached as cachedHono, type CachedHonoContext } from "../../src/adapters/hono.ts";
import { cached } from "../../src/index.ts";

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

type Handle = (request: IncomingMessage, response: ServerResponse) => unknown;

async function serve(handle: Handle, before: Handle = () => undefined): Promise<number> {
  const handler = cached({ cache, name: "route", onWarning: () => undefined }, handle);
  const server: Server = createServer((request, response) => {
    before(request, response);
    void handler(request, response);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  return (server.address() as AddressInfo).port;
}

function fetchAs(port: number, person: string, body = ""): Promise<string> {
  const headers = { "x-user": person, "content-length": body.length };
  return new Promise((resolve, reject) => {
    ask({ port, host: "127.0.0.1", headers, agent: false }, (response) => resolve(text(response)))
      .on("error", reject)
      .end(body);
  });
}

const USER = Symbol("user");
const nameOf = ({ headers }: IncomingMessage): string => String(headers["x-user"]);

it.each<[string, (request: IncomingMessage, response: ServerResponse) => void, Handle]>([
  [
    "a translator in `request.__`",
    (request) => Object.assign(request, { __: () => nameOf(request) }),
    (request) => Reflect.get(request, "__")(),
  ],
  [
    "a translator on the response",
    (request, response) => Object.assign(response, { __: () => nameOf(request) }),
    (_, response) => Reflect.get(response, "__")(),
  ],
  [
    "a token in `response.locals._csrf`",
    (request, response) => Object.assign(response, { locals: { _csrf: nameOf(request) } }),
    (_, response) => Reflect.get(Reflect.get(response, "locals"), "_csrf"),
  ],
  [
    "a symbol of the request",
    (request) => Object.assign(request, { [USER]: nameOf(request) }),
    (request) => Reflect.get(request, USER),
  ],
  [
    "a query that middleware has read",
    (request) => Object.assign(request, { query: { of: nameOf(request) } }),
    (request) => Reflect.get(request, "query").of,
  ],
  [
    "a certificate, by the old name of the socket",
    (request) => Object.assign(request.socket, { authorized: nameOf(request) }),
    (request) => Reflect.get(Reflect.get(request, "client"), "authorized"),
  ],
  [
    "whether it came over TLS",
    (request) => Object.assign(request.socket, { encrypted: nameOf(request) }),
    (request) => Reflect.get(request.socket, "encrypted"),
  ],
])("%s is not shared", async (_place, leave, tell) => {
  const port = await serve(
    (request, response) => response.end(`for ${String(tell(request, response))}`),
    leave,
  );
  for (const person of ["ann", "bob"]) expect(await fetchAs(port, person)).toBe(`for ${person}`);
});

it("a symbol of the request of Fastify is not shared", async () => {
  const app = fastify();
  app.addHook("onRequest", async (request) => {
    Object.assign(request, { [USER]: request.headers["x-user"] });
  });
  const options = { cache, name: "route", onWarning: () => undefined };
  app.get(
    "/",
    cachedFastify(options, (request: FastifyRequest) => `for ${Reflect.get(request, USER)}`),
  );
  for (const user of ["ann", "bob"]) {
    const { body } = await app.inject({ url: "/", headers: { "x-user": user } });
    expect(body).toBe(`for ${user}`);
  }
  await app.close();
});

it("the body of a GET is not shared, and can be read where there is none", async () => {
  const port = await serve(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    response.end(`got ${body}`);
  });
  expect(await fetchAs(port, "ann", "evil")).toBe("got evil");
  expect(await fetchAs(port, "bob")).toBe("got ");
});

it.each<[string, (request: Http2ServerRequest) => unknown]>([
  ["the scheme", (request) => request.scheme],
  ["a field of its stream", (request) => Reflect.get(request.stream, "sentTrailers")],
])("%s that a request of HTTP/2 names is not shared", async (_what, tell) => {
  const handler = cached(
    { cache, name: "route", onWarning: () => undefined },
    (request, response) => {
      const of2 = request as unknown as Http2ServerRequest;
      response.end(`${String(tell(of2))} ${(runs += 1)}`);
    },
  );
  let runs = 0;
  const server = createServer2((request: Http2ServerRequest, response: Http2ServerResponse) => {
    void handler(...([request, response] as unknown as [IncomingMessage, ServerResponse]));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  close = () => {
    session.destroy();
    server.close();
  };
  const answers = [];
  for (const scheme of ["http", "https"])
    answers.push(await text(session.request({ ":path": "/", ":scheme": scheme })));
  expect(answers.map((answer) => answer.slice(-1))).toEqual(["1", "2"]);
});

const tellClone = ({ req }: CachedHonoContext): Response =>
  new Response(`${req.url} ${req.raw.clone().headers.get("x-user")}`);
const tellUrl = ({ req }: CachedHonoContext): Response => new Response(req.url);

it("in Hono neither the scheme nor a clone of the request is shared", async () => {
  const app = new Hono();
  const options = { cache, onWarning: () => undefined };
  app.get("/clone", cachedHono({ ...options, name: "clone" }, tellClone));
  app.get("/scheme", cachedHono({ ...options, name: "scheme" }, tellUrl));
  const of = async (url: string, person: string): Promise<string> =>
    await (await app.request(url, { headers: { "x-user": person } })).text();
  for (const person of ["ann", "bob"])
    expect(await of("http://a.example/clone", person)).toBe(`http://a.example/clone ${person}`);
  for (const url of ["http://a.example/scheme", "https://a.example/scheme"])
    expect(await of(url, "ann")).toBe(url);
});
