import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { createCache } from "@upshift/cache";
import express from "express";
import { fastify, type FastifyRequest } from "fastify";
import { Hono } from "hono";
import { afterEach, describe, expect, it } from "vitest";
import { cached as cachedExpress } from "../../src/adapters/express.ts";
import { cached as cachedFastify } from "../../src/adapters/fastify.ts";
import { cached as cachedHono, type CachedHonoContext } from "../../src/adapters/hono.ts";
import type { CachedOptions } from "../../src/cached/cached-options.ts";
import { cached } from "../../src/index.ts";

const closes: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closes.splice(0).toReversed()) await close();
});

/** Of which nobody sees from outside what is in it. */
class Person {
  readonly #name: unknown;
  constructor(name: unknown) {
    this.#name = name;
  }
  get name(): unknown {
    return this.#name;
  }
}

const personOf = ({ headers }: Pick<IncomingMessage, "headers">): string =>
  String(headers["x-api-key"]);

type Options = Pick<CachedOptions<never>, "name" | "cache" | "onWarning" | "ignoreHeaders"> & {
  readonly isPrivate: boolean;
};

/** A route that tells who asks, by what middleware has left somewhere. */
interface Place {
  readonly place: string;
  /** As `ignoreHeaders` calls it. */
  readonly called: string;
  readonly start: (options: Options) => Promise<number>;
}

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  closes.push(() => stop(server));
  return (server.address() as AddressInfo).port;
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

function inExpress(
  called: string,
  place: string,
  leave: (request: express.Request, response: express.Response) => void,
  tell: (request: express.Request, response: express.Response) => void,
): Place {
  return {
    place: `${place} of Express`,
    called,
    async start({ isPrivate, ...options }) {
      const app = express();
      app.engine("person", (_path, values, done) =>
        done(null, `for ${String(Reflect.get(values, "person"))}`),
      );
      app.use((request, response, next) => {
        leave(request, response);
        next();
      });
      const who = isPrivate ? { private: personOf } : {};
      app.get("/", cachedExpress({ ...options, ...who }, tell));
      return await listen(app);
    },
  };
}

function inHono(
  called: string,
  place: string,
  leave: (name: string) => unknown,
  tell: (value: unknown) => unknown,
): Place {
  return {
    place: `${place} of Hono`,
    called,
    async start({ isPrivate, ...options }) {
      const app = new Hono<{ Variables: { person: unknown } }>();
      app.use(async (context, next) => {
        context.set("person", leave(context.req.header("x-api-key") ?? ""));
        await next();
      });
      const who = isPrivate
        ? { private: (context: CachedHonoContext) => context.req.header("x-api-key") }
        : {};
      app.get(
        "/",
        cachedHono({ ...options, ...who }, (context: CachedHonoContext) => {
          const person: unknown = tell(Reflect.get(context.var, "person"));
          return new Response(`for ${String(person)}`);
        }),
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
}

const PLACES: readonly Place[] = [
  {
    place: "a property of the request of node:http",
    called: "person",
    start({ isPrivate, ...options }) {
      const answer = cached(
        { ...options, ...(isPrivate ? { private: personOf } : {}) },
        (request: IncomingMessage, response) =>
          response.end(`for ${String(Reflect.get(request, "person"))}`),
      );
      return listen((request, response) => {
        Object.assign(request, { person: personOf(request) });
        void answer(request, response);
      });
    },
  },
  inExpress(
    "person",
    "response.locals",
    (request, { locals }) => Object.assign(locals, { person: personOf(request) }),
    (_, response) => void response.send(`for ${String(response.locals["person"])}`),
  ),
  inExpress(
    "person",
    "response.locals, in a template",
    (request, { locals }) => Object.assign(locals, { person: personOf(request) }),
    (_, response) => response.render(`${import.meta.dirname}/../fixtures/page.person`),
  ),
  inExpress(
    "person",
    "a class with private fields in a property of the request",
    (request) => Object.assign(request, { person: new Person(personOf(request)) }),
    (request, response) => {
      const person: unknown = Reflect.get(request, "person");
      response.send(`for ${person instanceof Person ? String(person.name) : ""}`);
    },
  ),
  inExpress(
    "language",
    "a function in a property of the request",
    (request) => Object.assign(request, { language: () => personOf(request) }),
    (request, response) => {
      const language: unknown = Reflect.get(request, "language");
      response.send(`for ${typeof language === "function" ? String(language()) : ""}`);
    },
  ),
  inExpress(
    "person",
    "a property of the response",
    (request, response) => Object.assign(response, { person: personOf(request) }),
    (_, response) => void response.send(`for ${String(Reflect.get(response, "person"))}`),
  ),
  {
    place: "a decorator of Fastify",
    called: "person",
    async start({ isPrivate, ...options }) {
      const app = fastify();
      app.decorateRequest("person", null);
      app.addHook("onRequest", async (request) => {
        Object.assign(request, { person: personOf(request) });
      });
      app.get(
        "/",
        cachedFastify(
          { ...options, ...(isPrivate ? { private: personOf } : {}) },
          (request: FastifyRequest) => `for ${String(Reflect.get(request, "person"))}`,
        ),
      );
      await app.listen({ port: 0, host: "127.0.0.1" });
      closes.push(() => app.close());
      return (app.server.address() as AddressInfo).port;
    },
  },
  inHono(
    "person",
    "a variable",
    (name) => name,
    (value) => value,
  ),
  inHono(
    "person",
    "a Map in a variable",
    (name) => new Map([["name", name]]),
    (value) => (value instanceof Map ? value.get("name") : ""),
  ),
];

async function route(start: Place["start"], options: Partial<Options> = {}) {
  const warnings: string[] = [];
  const cache = createCache();
  closes.push(() => cache.close());
  const port = await start({
    cache,
    name: "person",
    isPrivate: false,
    onWarning: (warning) => void warnings.push(warning.message),
    ...options,
  });
  const ask = async (person: string): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      headers: { "x-api-key": person },
    });
    return await response.text();
  };
  return { ask, warnings };
}

describe.each(PLACES)("what middleware has left in $place", ({ start, called }) => {
  it("is not shared", async () => {
    const { ask, warnings } = await route(start);
    for (const person of ["ann", "bob", "ann"]) expect(await ask(person)).toBe(`for ${person}`);
    expect(warnings).toEqual([expect.stringContaining(called)]);
  });

  it("is kept for each whom a private route tells apart", async () => {
    const { ask, warnings } = await route(start, { isPrivate: true });
    for (const person of ["ann", "bob", "ann", "bob"])
      expect(await ask(person)).toBe(`for ${person}`);
    expect(warnings).toEqual([]);
  });

  it("is shared where it is named as without influence", async () => {
    const { ask, warnings } = await route(start, { ignoreHeaders: [called] });
    for (const person of ["ann", "bob"]) expect(await ask(person)).toBe("for ann");
    expect(warnings).toEqual([]);
  });
});

it("the request of Node behind that of Hono is not shared", async () => {
  const { ask, warnings } = await route(async ({ cache, name, onWarning }) => {
    const app = new Hono();
    app.get(
      "/",
      cachedHono(
        { cache, name, ...(onWarning === undefined ? {} : { onWarning }) },
        (context: CachedHonoContext) => {
          const incoming: unknown = Reflect.get(Object(context.env), "incoming");
          const headers: unknown = Reflect.get(Object(incoming), "headers");
          return new Response(`for ${String(Reflect.get(Object(headers), "x-api-key"))}`);
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
  });
  for (const person of ["ann", "bob"]) expect(await ask(person)).toBe(`for ${person}`);
  expect(warnings).toEqual([expect.stringContaining("incoming")]);
});

it("what each request has by itself keeps nothing from being shared", async () => {
  const app = express();
  app.use((request, response, next) => {
    Object.assign(request, { id: "1", log: console, requestId: "2", _startAt: [1, 2] });
    Object.assign(response.locals, { nothing: null, none: {} });
    next();
  });
  let runs = 0;
  const cache = createCache();
  closes.push(() => cache.close());
  app.get(
    "/:id",
    cachedExpress({ cache, name: "all" }, (request: express.Request, response) => {
      const seen = [request.params, request.query, request.baseUrl, request.path, request.route];
      const own = ["id", "log", "requestId", "_startAt", "body"].map((name) =>
        Reflect.get(request, name),
      );
      runs += seen.length > 0 && own.length > 0 ? 1 : 0;
      response.locals["mine"] = response.locals["none"];
      response.json({ ...response.locals, at: request.url });
    }),
  );
  const port = await listen(app);
  for (let count = 0; count < 3; count += 1)
    expect(await (await fetch(`http://127.0.0.1:${port}/7`)).json()).toEqual({
      nothing: null,
      none: {},
      mine: {},
      at: "/7",
    });
  expect(runs).toBe(1);
});
