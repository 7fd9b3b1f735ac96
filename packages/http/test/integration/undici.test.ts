import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createCache, tag } from "@upshift/cache";
import { Agent, cacheStores, interceptors } from "undici";
import { afterEach, expect, it } from "vitest";
import { cached } from "../../src/cached/cached.ts";
import { send } from "../../src/send/send.ts";

const cache = createCache();
const closes: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closes.splice(0).toReversed()) await close();
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  closes.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A private cache as RFC 9111 describes it. */
function client(type: "private" | "shared" = "private") {
  const store = new cacheStores.MemoryCacheStore();
  const agent = new Agent().compose(interceptors.cache({ store, type }));
  closes.push(() => agent.close());
  return async (
    url: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: string; headers: Record<string, unknown> }> => {
    const { origin, pathname, search } = new URL(url);
    const response = await agent.request({
      origin,
      path: `${pathname}${search}`,
      method: "GET",
      headers,
    });
    return {
      status: response.statusCode,
      body: await response.body.text(),
      headers: response.headers,
    };
  };
}

const BODY = JSON.stringify({ text: "many words ".repeat(300) });

it("undici asks whether what it has is still right, and gets 304 until it is not", async () => {
  const seen: number[] = [];
  let version = 1;
  const answer = cached(
    {
      cache,
      name: "undici",
      policy: { ttl: "1h" },
      cacheControl: { noCache: true },
      tags: () => ["versions"],
    },
    (_request, response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ version, BODY }));
    },
  );
  const origin = await listen(
    createServer((request, response) => {
      response.on("finish", () => seen.push(response.statusCode));
      void answer(request, response);
    }),
  );
  const get = client();
  const first = await get(`${origin}/a`);
  const second = await get(`${origin}/a`);
  expect(second.status).toBe(200);
  expect(second.body).toBe(first.body);
  expect(seen).toEqual([200, 304]);
  version = 2;
  await cache.invalidate(tag("versions"));
  expect((await get(`${origin}/a`)).body).toContain('"version":2');
  expect(seen).toEqual([200, 304, 200]);
});

it("undici keeps the codings of a response apart", async () => {
  const answer = cached(
    {
      cache,
      name: "codings",
      policy: { ttl: "1h" },
      public: true,
      cacheControl: { public: true, maxAge: "60s" },
    },
    (_request, response) => {
      response.setHeader("content-type", "application/json");
      response.end(BODY);
    },
  );
  let asked = 0;
  const origin = await listen(
    createServer((request, response) => {
      asked += 1;
      void answer(request, response);
    }),
  );
  const get = client("shared");
  const plain = await get(`${origin}/a`, { "accept-encoding": "identity" });
  const packed = await get(`${origin}/a`, { "accept-encoding": "gzip" });
  const again = await get(`${origin}/a`, { "accept-encoding": "identity" });
  expect(plain.body).toBe(BODY);
  expect(packed.headers["content-encoding"]).toBe("gzip");
  expect(again.body).toBe(BODY);
  expect(plain.headers["etag"]).not.toBe(packed.headers["etag"]);
  expect(asked).toBe(2);
});

it("undici as a shared cache gives nobody what was for another user", async () => {
  const answer = cached(
    {
      cache,
      name: "people",
      policy: { ttl: "1h" },
      private: (request) => request.headers.cookie,
      cacheControl: { maxAge: "60s" },
    },
    (request, response) => response.end(`for ${request.headers.cookie}`),
  );
  const origin = await listen(createServer((request, response) => void answer(request, response)));
  const get = client("shared");
  for (const cookie of ["a=1", "b=2", "a=1"])
    expect((await get(`${origin}/a`, { cookie })).body).toBe(`for ${cookie}`);
});

it("undici revalidates what `send` has given it, by the version, before the body is built", async () => {
  let built = 0;
  const value = (): string => {
    built += 1;
    return BODY;
  };
  const seen: number[] = [];
  const origin = await listen(
    createServer((_request, response) => {
      response.on("finish", () => seen.push(response.statusCode));
      void send(response, value, {
        validator: () => 7,
        contentType: "application/json",
        cacheControl: { noCache: true },
      });
    }),
  );
  const get = client();
  const first = await get(`${origin}/a`);
  const second = await get(`${origin}/a`);
  expect(second.body).toBe(first.body);
  expect(seen).toEqual([200, 304]);
  expect(built).toBe(1);
});
