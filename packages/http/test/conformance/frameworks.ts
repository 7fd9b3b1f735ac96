import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import express from "express";
import { fastify } from "fastify";
import { type Context, Hono } from "hono";
import * as expressAdapter from "../../src/adapters/express.ts";
import * as fastifyAdapter from "../../src/adapters/fastify.ts";
import * as honoAdapter from "../../src/adapters/hono.ts";
import type { PlannedResponse } from "../../src/planned-response.ts";
import type { RespondOptions } from "../../src/send/respond-options.ts";
import { send } from "../../src/send/send.ts";
import { writePlanned } from "../../src/send/write-planned.ts";
import type { StartedServer } from "./conformance-suite.ts";

/** A request and its response, in the words of no framework. */
interface Exchange {
  /** Adds a field, as a middleware before would. */
  readonly append: (name: string, value: string) => void;
  readonly send: (value: unknown, options?: RespondOptions) => unknown;
  readonly write: (planned: PlannedResponse) => unknown;
}

/** Answers a request; what it throws or rejects with is for the framework. */
export type ExchangeHandler = (exchange: Exchange) => unknown;

/** Tells an error as `500` and its code: what the error handler of an application does. */
function describeError(error: unknown): string {
  return String(error instanceof Error && "code" in error ? error.code : error);
}

async function startNode(handler: ExchangeHandler): Promise<StartedServer> {
  const server = createServer((_request, res) => {
    const exchange: Exchange = {
      append: (name, value) => void res.appendHeader(name, value),
      send: (value, options) => send(res, value, options),
      write: (planned) => writePlanned(res, planned),
    };
    void (async () => await handler(exchange))().catch((error: unknown) => {
      if (!res.headersSent) res.writeHead(500).end(describeError(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: portOf(server), close: () => close(server) };
}

async function startExpress(handler: ExchangeHandler): Promise<StartedServer> {
  const app = express();
  app.disable("x-powered-by");
  app.get("/", (_request, res) =>
    handler({
      append: (name, value) => void res.append(name, value),
      send: (value, options) => expressAdapter.send(res, value, options),
      write: (planned) => expressAdapter.writePlanned(res, planned),
    }),
  );
  app.use(((error, _request, res, next) => {
    if (res.headersSent) next(error);
    else res.status(500).send(describeError(error));
  }) satisfies express.ErrorRequestHandler);
  // It writes errors to the console otherwise.
  app.set("env", "test");
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: portOf(server), close: () => close(server) };
}

async function startFastify(handler: ExchangeHandler): Promise<StartedServer> {
  const app = fastify({ forceCloseConnections: true });
  app.setErrorHandler((error, _request, reply) => {
    void reply.code(500).send(describeError(error));
  });
  app.get("/", (_request, reply) =>
    handler({
      append: (name, value) => {
        const before = reply.getHeader(name);
        const isList = name === "set-cookie";
        if (before === undefined || isList) reply.header(name, value);
        else reply.header(name, `${String(before)}, ${value}`);
      },
      send: (value, options) => fastifyAdapter.send(reply, value, options),
      write: (planned) => fastifyAdapter.writePlanned(reply, planned),
    }),
  );
  await app.listen({ port: 0, host: "127.0.0.1" });
  return { port: portOf(app.server), close: () => app.close() };
}

async function startHono(handler: ExchangeHandler): Promise<StartedServer> {
  const app = new Hono();
  app.onError((error, context) => context.text(describeError(error), 500));
  // A second one, so that Hono merges what was set before into what comes back.
  app.use(async (_context, next) => await next());
  app.get("/", async (context: Context) => {
    const result = await handler({
      append: (name, value) => context.header(name, value, { append: true }),
      send: (value, options) => honoAdapter.send(context, value, options),
      write: (planned) => honoAdapter.writePlanned(context, planned),
    });
    return result as Response;
  });
  let server: ReturnType<typeof serve> | undefined;
  const port = await new Promise<number>((resolve) => {
    server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, (info) =>
      resolve(info.port),
    );
  });
  return { port, close: () => close(server as Server) };
}

/** One handler, four frameworks. */
export const FRAMEWORKS: Readonly<
  Record<string, (handler: ExchangeHandler) => Promise<StartedServer>>
> = {
  "node:http": startNode,
  Express: startExpress,
  Fastify: startFastify,
  Hono: startHono,
};

function portOf(server: Pick<Server, "address">): number {
  return (server.address() as AddressInfo).port;
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
