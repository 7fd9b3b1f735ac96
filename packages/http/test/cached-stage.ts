import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type Cache, createCache } from "@upshift/cache";
import { fastify, type FastifyInstance } from "fastify";
import { afterEach, beforeEach } from "vitest";

/** Of the test that runs. */
export let cache: Cache;
const ends: (() => unknown)[] = [];
beforeEach(() => {
  cache = createCache();
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await cache.close();
});

/** Ends what a test has started, before its cache. */
export function onEnd(end: () => unknown): void {
  ends.push(end);
}

/** @returns the port */
export async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** @returns the port */
export async function listenFastify(add: (app: FastifyInstance) => void): Promise<number> {
  const app = fastify({ forceCloseConnections: true });
  onEnd(() => app.close());
  add(app);
  await app.listen({ port: 0, host: "127.0.0.1" });
  return (app.server.address() as AddressInfo).port;
}
