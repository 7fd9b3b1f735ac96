import { Agent, createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { type Cache, createCache, tag } from "@upshift/cache";
import express from "express";
import { fastify, type FastifyReply, type FastifyRequest } from "fastify";
import { type Context, Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { afterEach, describe, expect, it, vi } from "vitest";
import { cached as cachedExpress } from "../../src/adapters/express.ts";
import { cached as cachedFastify } from "../../src/adapters/fastify.ts";
import { cached as cachedHono } from "../../src/adapters/hono.ts";
import type { CachedOptions } from "../../src/cached/cached-options.ts";
import { responseTags } from "../../src/cached/response-tags.ts";
import { rawRequest, type RawAnswer } from "../conformance/raw-request.ts";

/** What a handler does, in the words of no framework. */
interface Handling {
  readonly url: string;
  readonly query: unknown;
  readonly header: (name: string) => string | undefined;
  readonly user: () => unknown;
  readonly set: (name: string, value: string) => void;
  readonly tag: (name: string) => void;
}

type Handle = (handling: Handling) => unknown;
type Options = Pick<
  CachedOptions<never>,
  "name" | "query" | "vary" | "public" | "policy" | "cacheControl" | "maxBytes" | "onWarning"
> & { readonly isPrivate?: boolean };

interface Framework {
  readonly name: string;
  readonly start: (options: Options & { cache: Cache }, handle: Handle) => Promise<number>;
}

const closes: (() => unknown)[] = [];
const agent = new Agent({ keepAlive: true });
afterEach(async () => {
  for (const close of closes.splice(0).toReversed()) await close();
});

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closes.push(() => stop(server));
  return (server.address() as AddressInfo).port;
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

const EXPRESS: Framework = {
  name: "Express",
  async start({ isPrivate = false, ...options }, handle) {
    const app = express();
    app.use((request, response, next) => {
      Object.assign(request, { user: request.headers["x-api-key"] });
      response.set("x-request-id", String(request.headers["x-id"] ?? ""));
      next();
    });
    const router = express.Router();
    router.get(
      "/a",
      cachedExpress(
        { ...options, ...(isPrivate ? { private: (request) => request.headers.cookie } : {}) },
        async (request: express.Request, response: express.Response) => {
          const value = await handle({
            url: request.originalUrl,
            query: request.query,
            header: (name) => request.get(name),
            user: () => Reflect.get(request, "user"),
            set: (name, text) => void response.append(name, text),
            tag: (name) => responseTags(response, name),
          });
          response.json(value);
        },
      ),
    );
    app.use("/in", router);
    return await listen(app);
  },
};

const FASTIFY: Framework = {
  name: "Fastify",
  async start({ isPrivate = false, ...options }, handle) {
    const app = fastify();
    app.decorateRequest("user", null);
    app.addHook("onRequest", async (request, reply) => {
      Object.assign(request, { user: request.headers["x-api-key"] });
      reply.header("x-request-id", String(request.headers["x-id"] ?? ""));
    });
    app.addHook("onSend", async (_request, reply) => {
      reply.header("x-hook", "ran");
    });
    app.get(
      "/in/a",
      cachedFastify(
        {
          ...options,
          ...(isPrivate ? { private: (request: FastifyRequest) => request.headers.cookie } : {}),
        },
        (request: FastifyRequest, reply: FastifyReply) =>
          handle({
            url: request.originalUrl,
            query: request.query,
            header: (name) => request.headers[name]?.toString(),
            user: () => Reflect.get(request, "user"),
            set: (name, text) => void reply.header(name, text),
            tag: (name) => responseTags(reply, name),
          }),
      ),
    );
    await app.listen({ port: 0, host: "127.0.0.1" });
    closes.push(() => app.close());
    return (app.server.address() as AddressInfo).port;
  },
};

const HONO: Framework = {
  name: "Hono",
  async start({ isPrivate = false, ...options }, handle) {
    const app = new Hono<{ Variables: { user: string | undefined } }>();
    app.use(async (context, next) => {
      context.set("user", context.req.header("x-api-key"));
      context.header("x-request-id", context.req.header("x-id") ?? "");
      await next();
    });
    app.get(
      "/in/:name",
      cachedHono<Context<{ Variables: { user: string | undefined } }>>(
        { ...options, ...(isPrivate ? { private: (c) => c.req.header("cookie") } : {}) },
        async (context) => {
          expect(context.req.param("name")).toBe("a");
          const value = await handle({
            url: context.req.url.slice(context.req.url.indexOf("/in")),
            query: context.req.query(),
            header: (name) =>
              name === "cookie"
                ? Object.entries(getCookie(context)).flat().join("=") || undefined
                : context.req.header(name),
            user: () => context.get("user"),
            set: (name, text) =>
              name === "set-cookie"
                ? setCookie(context, "a", "b")
                : context.header(name, text, { append: true }),
            tag: (name) => responseTags(context, name),
          });
          return context.json(value);
        },
      ),
    );
    const server = await new Promise<Server>((resolve) => {
      const made = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () =>
        resolve(made as Server),
      );
    });
    closes.push(() => stop(server));
    return (server.address() as AddressInfo).port;
  },
};

describe.each([EXPRESS, FASTIFY, HONO])("cached in $name", ({ name, start }) => {
  async function route(
    handle: Handle,
    options: Partial<Options> = {},
  ): Promise<{
    get: (path: string, headers?: Record<string, string>) => Promise<RawAnswer & { json: unknown }>;
    cache: Cache;
    runs: () => number;
    warnings: Error[];
  }> {
    const cache = createCache();
    closes.push(() => cache.close());
    const warnings: Error[] = [];
    let runs = 0;
    const port = await start(
      {
        name: "route",
        policy: { ttl: "1h" },
        onWarning: (warning) => warnings.push(warning),
        ...options,
        cache,
      },
      (handling) => {
        runs += 1;
        return handle(handling);
      },
    );
    const get = async (path: string, headers: Record<string, string> = {}) => {
      const answer = await rawRequest({ port, agent, method: "GET", path, headers });
      const text = answer.body.toString();
      return { ...answer, json: text.startsWith("{") ? (JSON.parse(text) as unknown) : text };
    };
    return { get, cache, runs: () => runs, warnings };
  }

  it("keeps what a handler gives, with its fields and type, and none that middleware set", async () => {
    const { get, runs } = await route(({ set }) => {
      set("x-own", "1");
      return { a: 1 };
    });
    for (const id of ["one", "two"]) {
      const { status, fields, json } = await get("/in/a", { "x-id": id });
      expect([status, json]).toEqual([200, { a: 1 }]);
      expect(fields["content-type"]).toMatch(/^application\/json/);
      expect(fields).toMatchObject({ "x-own": "1", "x-request-id": id });
      expect(fields["etag"]).toMatch(/^"/);
      expect(fields["x-hook"]).toBe(name === "Fastify" ? "ran" : undefined);
    }
    expect(runs()).toBe(1);
  });

  it("answers 304 before the handler runs, with what middleware set", async () => {
    const { get, runs } = await route(() => ({ a: 1 }));
    const { etag = "" } = (await get("/in/a")).fields;
    const again = await get("/in/a", { "if-none-match": etag, "x-id": "three" });
    expect(again.status).toBe(304);
    expect(again.fields).toMatchObject({ etag, "x-request-id": "three" });
    expect(runs()).toBe(1);
  });

  it("shows the handler the parameters that count, in one order, however they are read", async () => {
    const { get, runs } = await route(({ url, query }) => ({ url, query }), { query: ["b", "a"] });
    const expected = { url: "/in/a?a=%C3%A4&b=2", query: { a: "ä", b: "2" } };
    for (const path of ["/in/a?b=2&a=%c3%a4&evil=1", "/in/a?evil=2&a=%C3%A4&b=2"])
      expect((await get(path)).json).toEqual(expected);
    expect(runs()).toBe(1);
    expect((await get("/in/a?a=%ff")).json).not.toEqual((await get("/in/a?a=%fe")).json);
  });

  it("does not share what depends on a field that is not in the key", async () => {
    const { get, runs, warnings } = await route(({ header }) => ({ lang: header("x-lang") }));
    expect((await get("/in/a", { "x-lang": "de" })).json).toEqual({ lang: "de" });
    expect((await get("/in/a", { "x-lang": "en" })).json).toEqual({ lang: "en" });
    expect(runs()).toBe(2);
    expect(String(warnings[0])).toContain("x-lang");
  });

  it("keeps an entry for each value of a field that it varies by", async () => {
    const { get, runs } = await route(({ header }) => ({ lang: header("x-lang") }), {
      vary: ["X-Lang"],
    });
    for (const lang of ["de", "en", "de", "en"]) {
      const { json, fields } = await get("/in/a", { "x-lang": lang });
      expect(json).toEqual({ lang });
      expect(fields["vary"]).toContain("X-Lang");
    }
    expect(runs()).toBe(2);
  });

  it("goes past the cache with credentials, and keeps private entries apart", async () => {
    const open = await route(({ header }) => ({ for: header("cookie") ?? null }));
    expect((await open.get("/in/a", { cookie: "u=1" })).json).toEqual({ for: "u=1" });
    expect((await open.get("/in/a")).json).toEqual({ for: null });
    expect((await open.get("/in/a")).json).toEqual({ for: null });
    expect(open.runs()).toBe(2);
    const own = await route(({ header }) => ({ for: header("cookie") }), {
      isPrivate: true,
      name: "own",
    });
    for (const cookie of ["u=1", "u=2", "u=1"]) {
      const { json, fields } = await own.get("/in/a", { cookie });
      expect(json).toEqual({ for: cookie });
      expect(fields["cache-control"]).toBe("private, no-cache");
    }
    expect(own.runs()).toBe(2);
  });

  it("does not share what middleware knows of a user", async () => {
    const { get, warnings } = await route(({ user }) => ({ user: user() ?? null }), {
      public: true,
    });
    expect((await get("/in/a", { "x-api-key": "ann" })).json).toEqual({ user: "ann" });
    expect((await get("/in/a", { "x-api-key": "bob" })).json).toEqual({ user: "bob" });
    expect((await get("/in/a")).json).toEqual({ user: null });
    expect(String(warnings[0])).toContain("user");
  });

  it("does not keep what sets a cookie", async () => {
    let number = 0;
    const { get } = await route(({ set }) => {
      number += 1;
      set("set-cookie", "a=b");
      return { number };
    });
    const first = await get("/in/a");
    expect(first.fields["set-cookie"]).toContain("a=b");
    expect(first.json).toEqual({ number: 1 });
    expect((await get("/in/a")).json).toEqual({ number: 2 });
  });

  it("removes entries by the tags of their handler", async () => {
    const { get, cache, runs } = await route(({ tag: add }) => {
      add("item:7");
      return { a: 1 };
    });
    await get("/in/a");
    await get("/in/a");
    await cache.invalidate(tag("item:7"));
    await get("/in/a");
    expect(runs()).toBe(2);
  });

  it("sends what is too large whole, with its fields, and does not keep it", async () => {
    const { get, runs } = await route(
      ({ set }) => {
        set("x-own", "1");
        return { text: "a".repeat(300_000) };
      },
      { maxBytes: 1_000 },
    );
    for (const id of ["one", "two"]) {
      const { fields, body } = await get("/in/a", { "x-id": id });
      expect(body.length).toBe(300_011);
      expect(fields).toMatchObject({ "x-own": "1", "x-request-id": id });
    }
    expect(runs()).toBe(2);
  });

  it("leaves errors to the framework, and keeps none", async () => {
    let isDown = true;
    const { get } = await route(() => {
      if (isDown) throw new Error("down");
      return { a: 1 };
    });
    expect((await get("/in/a")).status).toBe(500);
    isDown = false;
    expect((await get("/in/a")).json).toEqual({ a: 1 });
  });

  it("gives out what is stale while it is made anew, and mixes nothing of the two requests", async () => {
    let number = 0;
    const { get } = await route(
      () => {
        number += 1;
        return { number };
      },
      { policy: { ttl: 10, staleFor: "1h" } },
    );
    await get("/in/a", { "x-id": "first" });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const stale = await get("/in/a", { "x-id": "second" });
    expect(stale.json).toEqual({ number: 1 });
    expect(stale.fields["x-request-id"]).toBe("second");
    await vi.waitFor(async () => {
      const { json, fields } = await get("/in/a", { "x-id": "third" });
      expect(json).not.toEqual({ number: 1 });
      expect(fields["x-request-id"]).toBe("third");
    }, 10_000);
  });
});
