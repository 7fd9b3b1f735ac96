import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import express from "express";
import { fastify } from "fastify";
import { Hono } from "hono";
import { send as sendExpress } from "../../src/adapters/express.ts";
import { send as sendFastify } from "../../src/adapters/fastify.ts";
import { send as sendHono } from "../../src/adapters/hono.ts";
import { send } from "../../src/send/send.ts";
import type { StartedServer } from "./conformance-suite.ts";
import { RESOURCES } from "./resources.ts";

/** Far above the default of Node, so that large fields reach the code under test. */
const MAX_HEADER_BYTES = 64 * 1_024;

/** Listens on a free port; closing ends connections that are kept. */
export async function listen(listener: RequestListener): Promise<StartedServer> {
  return started(createServer({ maxHeaderSize: MAX_HEADER_BYTES }, listener));
}

async function started(server: Server): Promise<StartedServer> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: portOf(server), close: () => closed(server) };
}

function portOf(server: Pick<Server, "address">): number {
  return (server.address() as AddressInfo).port;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

export function startNode(): Promise<StartedServer> {
  return listen((request, response) => {
    const resource = RESOURCES[request.url ?? ""];
    if (resource !== undefined) void send(response, resource.value, resource.options);
  });
}

export function startExpress(): Promise<StartedServer> {
  const app = express();
  for (const [path, { value, options }] of Object.entries(RESOURCES)) {
    app.all(path, (_request, response) => sendExpress(response, value, options));
  }
  return listen(app);
}

export async function startFastify(): Promise<StartedServer> {
  const app = fastify({ http: { maxHeaderSize: MAX_HEADER_BYTES } });
  for (const [url, { value, options }] of Object.entries(RESOURCES)) {
    app.route({
      method: ["GET", "POST", "PUT", "PATCH", "DELETE"],
      url,
      handler: (_request, reply) => sendFastify(reply, value, options),
    });
  }
  await app.listen({ port: 0, host: "127.0.0.1" });
  return { port: portOf(app.server), close: () => app.close() };
}

export async function startHono(): Promise<StartedServer> {
  const app = new Hono();
  for (const [path, { value, options }] of Object.entries(RESOURCES)) {
    app.all(path, (context) => sendHono(context, value, options));
  }
  let server: ReturnType<typeof serve> | undefined;
  const port = await new Promise<number>((resolve) => {
    server = serve(
      {
        fetch: app.fetch,
        port: 0,
        hostname: "127.0.0.1",
        serverOptions: { maxHeaderSize: MAX_HEADER_BYTES },
      },
      (info) => resolve(info.port),
    );
  });
  return { port, close: () => closed(server as Server) };
}
