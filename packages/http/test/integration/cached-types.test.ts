import { createCache } from "@upshift/cache";
import express from "express";
import { fastify, type FastifyReply, type FastifyRequest } from "fastify";
import { afterAll, describe, expect, expectTypeOf, it } from "vitest";
import { cached as cachedExpress, send } from "../../src/adapters/express.ts";
import { cached as cachedFastify } from "../../src/adapters/fastify.ts";

const cache = createCache();
afterAll(() => cache.close());

describe("a handler without types has those of its route", () => {
  it("in Express", () => {
    const app = express();
    app.get(
      "/items/:id",
      cachedExpress({ cache, name: "express", query: ["page"] }, async (request, response) => {
        expectTypeOf(request.params.id).toEqualTypeOf<string>();
        response.status(200).set("x-id", request.params.id);
        await send(response, []);
      }),
    );
    app.use(cachedExpress({ cache, name: "use" }, (_request, _response, next) => next()));
    expect(app.router.stack).toHaveLength(2);
  });

  it("in Fastify", () => {
    const app = fastify();
    app.get<{ Params: { id: string } }>(
      "/items/:id",
      cachedFastify({ cache, name: "fastify" }, (request, reply) => {
        expectTypeOf(request.params.id).toEqualTypeOf<string>();
        return reply.code(200).send([]);
      }),
    );
    expect(app.hasRoute({ method: "GET", url: "/items/:id" })).toBe(true);
  });
});

describe("a handler with types gives them to the options", () => {
  it("in Express", () => {
    interface Authenticated extends express.Request {
      user?: { id: string };
    }
    const handler = cachedExpress(
      { cache, name: "mine", private: (request) => request.user?.id },
      (request: Authenticated, response: express.Response) => void response.json(request.user),
    );
    expectTypeOf(handler).parameter(0).toEqualTypeOf<Authenticated>();
    expect(() => express().get("/", handler)).not.toThrow();
  });

  it("in Fastify", () => {
    const handler = cachedFastify(
      { cache, name: "host", key: (request) => request.hostname },
      (request: FastifyRequest, reply: FastifyReply) => reply.send(request.hostname),
    );
    expectTypeOf(handler).parameter(0).toEqualTypeOf<FastifyRequest>();
    expect(() => fastify().get("/", handler)).not.toThrow();
  });
});
