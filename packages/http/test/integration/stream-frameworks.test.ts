import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { serve as serveHono } from "@hono/node-server";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { afterEach, describe, expect, test } from "vitest";
import * as onFastify from "../../src/adapters/fastify.ts";
import * as onHono from "../../src/adapters/hono.ts";
import { planStream, stream, type StreamSource } from "../../src/index.ts";
import { get, open, until } from "../streaming/http-client.ts";

let close: (() => Promise<unknown>) | undefined;
afterEach(async () => {
  await close?.();
  close = undefined;
});

const frameworks: Record<string, (source: () => StreamSource) => Promise<number>> = {
  async express(source) {
    const app = express();
    app.get("/", async (_, response) => {
      await stream(response, source());
    });
    const server = app.listen(0, "127.0.0.1");
    await once(server, "listening");
    close = () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    };
    return (server.address() as AddressInfo).port;
  },
  async "fastify by reply.raw"(source) {
    const app = fastify({ forceCloseConnections: true });
    app.get("/", async (_, reply) => {
      reply.hijack();
      await stream(reply.raw, source());
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    close = () => app.close();
    return (app.server.address() as AddressInfo).port;
  },
  async "fastify by a plan"(source) {
    const app = fastify({ forceCloseConnections: true });
    app.get("/", async (request, reply) => {
      await onFastify.writePlanned(
        reply,
        await planStream(onFastify.requestFacts(request), source()),
      );
      return reply;
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    close = () => app.close();
    return (app.server.address() as AddressInfo).port;
  },
  async hono(source) {
    const app = new Hono();
    app.get("/", async (context) => {
      const { signal } = context.req.raw;
      const planned = await planStream(onHono.requestFacts(context), source(), { signal });
      return onHono.writePlanned(context, planned);
    });
    const server = await new Promise<ReturnType<typeof serveHono>>((resolve) => {
      const started = serveHono({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () =>
        resolve(started),
      );
    });
    close = () => {
      if ("closeAllConnections" in server) server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    };
    return (server.address() as AddressInfo).port;
  },
};

async function* rows(to: number, error?: Error): AsyncGenerator<object> {
  for (let n = 1; n <= to; n += 1) {
    yield { n };
    if (n % 1_000 === 0) await new Promise(setImmediate);
  }
  if (error !== undefined) throw error;
}

describe.each(Object.keys(frameworks))("%s", (name) => {
  const start = (source: () => StreamSource): Promise<number> =>
    frameworks[name]?.(source) ?? Promise.reject(new Error(name));

  test("streams a document to its end", async () => {
    const port = await start(() => rows(5_000));
    const seen = await get(port, { headers: { accept: "application/x-ndjson" } });
    expect(seen).toMatchObject({ status: 200, isWhole: true });
    expect(seen.body.split("\n")).toHaveLength(5_001);
    expect(seen.headers).toMatchObject({
      "content-type": "application/x-ndjson; charset=utf-8",
      vary: "Accept, Accept-Encoding",
    });
  });

  test("answers a failure before the first byte with a status, and breaks off a later one", async () => {
    const port = await start(() => rows(0, new Error("secret")));
    const early = await get(port);
    expect(early).toMatchObject({ status: 500, isWhole: true });
    expect(JSON.parse(early.body)).toEqual({ title: "Internal Server Error", status: 500 });
    await close?.();
    const later = await start(() => rows(50_000, new Error("secret")));
    for (const coding of ["identity", "gzip"]) {
      const seen = await get(later, { headers: { "accept-encoding": coding } });
      expect(seen.isWhole).toBe(false);
    }
  });

  test("ends its source when the client goes", async () => {
    let left = 0;
    const port = await start(() =>
      (async function* () {
        try {
          yield* rows(1e9);
        } finally {
          left += 1;
        }
      })(),
    );
    const response = await open(port);
    response.on("error", () => undefined);
    await once(response, "data");
    response.destroy();
    await until(() => left > 0);
    expect(left).toBe(1);
  });
});
