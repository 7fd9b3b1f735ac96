import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import fastifyCompress from "@fastify/compress";
import { createCache } from "@upshift/cache";
import { cached, send } from "@upshift/http";
import { cached as cachedFastify } from "@upshift/http/fastify";
import compression from "compression";
import express from "express";
import { fastify } from "fastify";
import { createItems } from "./items.ts";

/** What rows would be after they were read. */
const ITEMS = createItems();

const OPTIONS = { name: "items", policy: { ttl: "1h" } } as const;

/** Listens on a free port of this machine. @returns the port */
export type StartServer = () => Promise<number>;

/** By name; each runs in a process of its own. All answer every path with the same items. */
export const SERVERS: Readonly<Record<string, StartServer>> = {
  bare: () => listen(bareListener()),
  core: () => listen(coreListener()),
  "core-send": () =>
    listen((_, response) => {
      void send(response, ITEMS);
    }),
  express: () =>
    listen(
      express()
        .use(compression())
        .get("/items", (_, response) => void response.json(ITEMS)),
    ),
  "express-cached": () => listen(express().get("/items", cachedItems())),
  fastify: async () => {
    const app = fastify();
    await app.register(fastifyCompress);
    app.get("/items", () => ITEMS);
    await app.listen({ port: 0, host: "127.0.0.1" });
    return portOf(app.server.address());
  },
  "fastify-cached": async () => {
    const app = fastify();
    app.get(
      "/items",
      cachedFastify({ ...OPTIONS, cache: createCache() }, () => ITEMS),
    );
    await app.listen({ port: 0, host: "127.0.0.1" });
    return portOf(app.server.address());
  },
};

/** What a handler by hand would do at best: stored buffers, nothing negotiated but by a look for the name of the coding. */
function bareListener(): RequestListener {
  const json = Buffer.from(JSON.stringify(ITEMS));
  const gzip = gzipSync(json);
  const brotli = brotliCompressSync(json, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 5 },
  });
  return (request, response) => {
    const isBrotli = request.headers["accept-encoding"]?.includes("br") === true;
    const body = isBrotli ? brotli : gzip;
    response.writeHead(200, {
      "content-type": "application/json",
      "content-encoding": isBrotli ? "br" : "gzip",
      "content-length": body.length,
      vary: "accept-encoding",
    });
    response.end(body);
  };
}

function coreListener(): RequestListener {
  const answer = cachedItems();
  return (request, response) => void answer(request, response);
}

function cachedItems() {
  return cached({ ...OPTIONS, cache: createCache() }, (_request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(ITEMS));
  });
}

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return portOf(server.address());
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
