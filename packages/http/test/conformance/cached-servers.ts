import { Agent, createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { createCache } from "@upshift/cache";
import express from "express";
import { fastify } from "fastify";
import { Hono } from "hono";
import { send as sendExpress } from "../../src/adapters/express.ts";
import { cached as cachedFastify, send as sendFastify } from "../../src/adapters/fastify.ts";
import { cached as cachedHono, send as sendHono } from "../../src/adapters/hono.ts";
import { cached } from "../../src/cached/cached.ts";
import { send } from "../../src/send/send.ts";
import type { StartedServer } from "./conformance-suite.ts";
import { rawRequest } from "./raw-request.ts";
import { RESOURCES } from "./resources.ts";

const MAX_HEADER_BYTES = 64 * 1_024;
const HEADERS = { maxHeaderSize: MAX_HEADER_BYTES };
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** What `cached` is told at each path. */
function routes() {
  const cache = createCache();
  const each = Object.entries(RESOURCES).map(([path, resource]) => ({
    path,
    resource,
    options: {
      cache,
      name: path.slice(1),
      policy: { ttl: "1h" },
      // Streamed, as without a cache.
      maxBytes: 100_000,
      ...(path === "/weak" ? ({ etag: "weak" } as const) : {}),
      ...(path === "/article" ? { vary: ["Accept-Language"] } : {}),
    } as const,
  }));
  return { each, close: () => cache.close() };
}

export function startCachedNode(): Promise<StartedServer> {
  const { each, close } = routes();
  const handlers = new Map(
    each.map(({ path, resource, options }) => [
      path,
      cached(options, (_request, response) => send(response, resource.value, resource.options)),
    ]),
  );
  return listen((request, response) => {
    void handlers.get(request.url ?? "")?.(request, response);
  }, close);
}

export function startCachedExpress(): Promise<StartedServer> {
  const { each, close } = routes();
  const app = express();
  for (const { path, resource, options } of each) {
    app.all(
      path,
      cached<express.Request, express.Response>(options, (_request, response) =>
        sendExpress(response, resource.value, resource.options),
      ),
    );
  }
  return listen(app, close);
}

export async function startCachedFastify(): Promise<StartedServer> {
  const { each, close } = routes();
  const app = fastify({ http: HEADERS });
  for (const { path, resource, options } of each) {
    app.route({
      method: METHODS,
      url: path,
      handler: cachedFastify(options, (_request, reply) =>
        sendFastify(reply, resource.value, resource.options),
      ),
    });
  }
  await app.listen({ port: 0, host: "127.0.0.1" });
  return started(app.server, close);
}

export async function startCachedHono(): Promise<StartedServer> {
  const { each, close } = routes();
  const app = new Hono();
  for (const { path, resource, options } of each) {
    app.all(
      path,
      cachedHono(options, (context) => sendHono(context, resource.value, resource.options)),
    );
  }
  const server = await new Promise<Server>((resolve) => {
    const made = serve(
      { fetch: app.fetch, port: 0, hostname: "127.0.0.1", serverOptions: HEADERS },
      () => resolve(made as Server),
    );
  });
  return started(server, close);
}

async function listen(
  listener: RequestListener,
  close: () => Promise<void>,
): Promise<StartedServer> {
  const server = createServer(HEADERS, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return started(server, close);
}

/** With every coding of every entry made: until then clients get another one that they take. */
async function started(server: Server, close: () => Promise<void>): Promise<StartedServer> {
  const { port } = server.address() as AddressInfo;
  const agent = new Agent();
  for (const path of Object.keys(RESOURCES)) {
    for (const coding of ["identity", "gzip", "br", "zstd"]) {
      const headers = { "accept-encoding": coding };
      await rawRequest({ port, agent, method: "GET", path, headers });
    }
  }
  return {
    port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await close();
    },
  };
}
