import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { type Cache, createCache, tag } from "@upshift/cache";
import { connectRedis } from "@upshift/redis";
import { startRedis } from "@upshift/services";
import { afterEach, describe, expect, it, vi } from "vitest";
import { cached } from "../../src/cached/cached.ts";
import type { CachedOptions } from "../../src/cached/cached-options.ts";
import { responseTags } from "../../src/cached/response-tags.ts";

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

const servers: Server[] = [];
const caches: Cache[] = [];
afterEach(async () => {
  await Promise.all(caches.splice(0).map((cache) => cache.close()));
  await Promise.all(
    servers.splice(0).map((server) => {
      server.closeAllConnections();
      return new Promise((resolve) => void server.close(resolve));
    }),
  );
});

type Handle = (req: IncomingMessage, res: ServerResponse) => unknown;

async function serve(
  handle: Handle,
  options: Partial<CachedOptions> = {},
  before?: Handle,
): Promise<{
  get: (path: string, headers?: Record<string, string>, method?: string) => Promise<Answer>;
  cache: Cache;
  runs: () => number;
  warnings: Error[];
}> {
  const cache = createCache();
  caches.push(cache);
  const warnings: Error[] = [];
  let runs = 0;
  const handler = cached(
    {
      cache,
      name: "route",
      policy: { ttl: "1h" },
      onWarning: (warning) => warnings.push(warning),
      ...options,
    },
    (req, res) => {
      runs += 1;
      return handle(req, res);
    },
  );
  const server = createServer((req, res) => {
    before?.(req, res);
    handler(req, res).catch(() => {
      res.statusCode = 500;
      res.end();
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const get = (
    path: string,
    headers: Record<string, string> = {},
    method = "GET",
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const req = request({ port, path, method, headers, agent: false }, (res) => {
        const chunks: Buffer[] = [];
        res.on("data", (chunk: Buffer) => chunks.push(chunk));
        res.on("end", () => {
          resolve({
            status: res.statusCode ?? 0,
            headers: res.headers,
            body: Buffer.concat(chunks),
          });
        });
        res.on("error", reject);
      });
      req.on("error", reject);
      req.end();
    });
  return { get, cache, runs: () => runs, warnings };
}

const LONG = JSON.stringify({ text: "many words ".repeat(300) });
const json: Handle = (_req, res) => {
  res.setHeader("content-type", "application/json");
  res.end(LONG);
};

describe("a cached response", () => {
  it("is made once, and the same for all, in the coding of each", async () => {
    const { get, runs } = await serve(json);
    const plain = await get("/a");
    expect(plain.body.toString()).toBe(LONG);
    expect(plain.headers).toMatchObject({
      "content-type": "application/json",
      "cache-control": "no-cache",
      vary: "Accept-Encoding",
      "content-length": String(LONG.length),
    });
    const gzip = await get("/a", { "accept-encoding": "gzip" });
    expect(gzip.headers["content-encoding"]).toBe("gzip");
    expect(gunzipSync(gzip.body).toString()).toBe(LONG);
    await vi.waitFor(async () => {
      const br = await get("/a", { "accept-encoding": "gzip, br" });
      expect(br.headers["content-encoding"]).toBe("br");
      expect(brotliDecompressSync(br.body).toString()).toBe(LONG);
    }, 10_000);
    expect(plain.headers.etag).not.toBe(gzip.headers.etag);
    expect(runs()).toBe(1);
  });

  it("is answered with 304 before any handler runs, with the fields of the 200", async () => {
    const { get, runs } = await serve((_req, res) => {
      res.setHeader("content-location", "/b");
      json(_req, res);
    });
    const first = await get("/a", { "accept-encoding": "gzip" });
    const { etag = "" } = first.headers;
    for (const noneMatch of [etag, `"x", ${etag}`, `W/${etag}`, "*"]) {
      const again = await get("/a", { "accept-encoding": "gzip", "if-none-match": noneMatch });
      expect(again.status, noneMatch).toBe(304);
      expect(again.headers).toMatchObject({
        etag,
        vary: "Accept-Encoding",
        "cache-control": "no-cache",
        "content-location": "/b",
      });
      expect(again.headers["content-type"]).toBeUndefined();
      expect(again.body.length).toBe(0);
    }
    expect((await get("/a", { "if-none-match": '"other"' })).status).toBe(200);
    expect((await get("/a", { "if-match": '"other"' })).status).toBe(412);
    expect(runs()).toBe(1);
  });

  it("answers HEAD with the head of the GET", async () => {
    const { get, runs } = await serve(json);
    const head = await get("/a", {}, "HEAD");
    expect(head.headers["content-length"]).toBe(String(LONG.length));
    expect(head.body.length).toBe(0);
    expect((await get("/a")).body.toString()).toBe(LONG);
    expect(runs()).toBe(1);
  });

  it("is kept under path and query, whatever the order of the parameters and their spelling", async () => {
    const { get, runs } = await serve((req, res) => res.end(req.url));
    const urls = ["/a?x=1&y=%61", "/a?y=a&x=1", "/a?y=%61&x=1"];
    for (const url of urls) expect((await get(url)).body.toString()).toBe("/a?x=1&y=a");
    expect(runs()).toBe(1);
    expect((await get("/a?x=1&x=2")).body.toString()).toBe("/a?x=1&x=2");
    expect((await get("/a?x=2&x=1")).body.toString()).toBe("/a?x=2&x=1");
    expect((await get("/b?x=1&y=a")).body.toString()).toBe("/b?x=1&y=a");
  });

  it("does not show the handler parameters that do not count", async () => {
    const { get, runs } = await serve((req, res) => res.end(req.url), { query: ["id"] });
    expect((await get("/a?id=1&utm=evil")).body.toString()).toBe("/a?id=1");
    expect((await get("/a?id=1&utm=other")).body.toString()).toBe("/a?id=1");
    expect(runs()).toBe(1);
  });

  it("of one host is not given out at another", async () => {
    const { get } = await serve((req, res) => res.end(req.headers.host));
    expect((await get("/a", { host: "one.test" })).body.toString()).toBe("one.test");
    expect((await get("/a", { host: "two.test" })).body.toString()).toBe("two.test");
  });

  it("that depends on a field which is not in the key is not kept, and says so", async () => {
    const { get, runs, warnings } = await serve((req, res) =>
      res.end(String(req.headers["x-forwarded-host"])),
    );
    expect((await get("/a", { "x-forwarded-host": "evil" })).body.toString()).toBe("evil");
    expect((await get("/a")).body.toString()).toBe("undefined");
    expect(runs()).toBe(2);
    expect(warnings[0]).toMatchObject({ code: "UPSHIFT_HTTP_NOT_KEPT" });
    expect(String(warnings[0])).toContain("x-forwarded-host");
  });

  it("depends on the fields of `vary`, and says so", async () => {
    const { get, runs } = await serve((req, res) => res.end(req.headers["accept-language"]), {
      vary: ["Accept-Language"],
    });
    for (const language of ["de", "en", "de"]) {
      const answer = await get("/a", { "accept-language": language });
      expect(answer.body.toString()).toBe(language);
      expect(answer.headers.vary).toBe("Accept-Language");
    }
    expect(runs()).toBe(2);
  });

  it("is not shared by users unless the route says so", async () => {
    const { get, runs } = await serve((req, res) =>
      res.end(`for ${req.headers.cookie ?? "nobody"}`),
    );
    const users = ["a", "b", "a"];
    for (const user of users)
      expect((await get("/a", { cookie: user })).body.toString()).toBe(`for ${user}`);
    const together = await Promise.all(
      Array.from({ length: 20 }, (_, index) => get("/b", { cookie: `u${index}` })),
    );
    expect(together.map(({ body }) => body.toString())).toEqual(
      Array.from({ length: 20 }, (_, index) => `for u${index}`),
    );
    expect(runs()).toBe(23);
  });

  it("is kept for each user of a private route, and marked private", async () => {
    const { get, runs } = await serve((req, res) => res.end(`for ${req.headers.cookie}`), {
      private: (req) => req.headers.cookie,
      cacheControl: "max-age=60",
    });
    const answers = await Promise.all(["a", "b", "a", "b"].map((cookie) => get("/a", { cookie })));
    expect(answers.map(({ body }) => body.toString())).toEqual([
      "for a",
      "for b",
      "for a",
      "for b",
    ]);
    expect(answers[0]?.headers["cache-control"]).toBe("private, max-age=60");
    expect(runs()).toBe(2);
    await get("/a");
    expect(runs()).toBe(3);
  });

  it("of a public route does not see credentials", async () => {
    const { get, runs } = await serve((req, res) => res.end(String(req.headers.cookie)), {
      public: true,
    });
    expect((await get("/a", { cookie: "secret" })).body.toString()).toBe("undefined");
    expect((await get("/a")).body.toString()).toBe("undefined");
    expect(runs()).toBe(1);
  });

  it.each([
    ["sets a cookie", (res: ServerResponse) => res.setHeader("set-cookie", "a=b")],
    ["says no-store", (res: ServerResponse) => res.setHeader("cache-control", "no-store")],
    ["says private", (res: ServerResponse) => res.setHeader("cache-control", "private, max-age=5")],
    ["varies by what is not in the key", (res: ServerResponse) => res.setHeader("vary", "Origin")],
  ])("that %s is not kept, and not given to those that waited for it", async (_, set) => {
    let number = 0;
    const { get } = await serve(async (__, res) => {
      number += 1;
      const own = number;
      await new Promise((resolve) => setTimeout(resolve, 20));
      set(res);
      res.end(String(own));
    });
    const answers = await Promise.all([get("/a"), get("/a"), get("/a")]);
    expect(new Set(answers.map(({ body }) => body.toString())).size).toBe(3);
  });

  it("does not keep what middleware has set for one request", async () => {
    let number = 0;
    const { get } = await serve(json, {}, (_, res) => {
      number += 1;
      res.setHeader("x-request-id", String(number));
      res.setHeader("vary", "Origin");
    });
    expect((await get("/a")).headers["x-request-id"]).toBe("1");
    const second = await get("/a");
    expect(second.headers["x-request-id"]).toBe("2");
    expect(second.headers.vary?.toLowerCase().split(", ").toSorted()).toEqual([
      "accept-encoding",
      "origin",
    ]);
  });

  it("is made once for all that want it at once", async () => {
    const { get, runs } = await serve(async (_, res) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      res.end("x");
    });
    const answers = await Promise.all(Array.from({ length: 50 }, () => get("/a")));
    expect(new Set(answers.map(({ body }) => body.toString()))).toEqual(new Set(["x"]));
    expect(runs()).toBe(1);
  });

  it("is removed by the tags of the route and of its handler", async () => {
    const { get, cache, runs } = await serve(
      (_, res) => {
        responseTags(res, "item:7");
        res.end("x");
      },
      { tags: () => ["items"] },
    );
    await get("/a");
    await cache.invalidate(tag("item:7"));
    await get("/a");
    await cache.invalidate(tag("items"));
    await get("/a");
    await get("/a");
    expect(runs()).toBe(3);
  });

  it("of hundreds of kilobytes is compressed once for all that ask meanwhile, and whole", async () => {
    const text = "many words ".repeat(50_000);
    const { get, runs } = await serve((_, res) => {
      res.setHeader("content-type", "text/plain");
      res.end(text);
    });
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        get("/a", { "accept-encoding": index % 2 === 0 ? "gzip" : "br" }),
      ),
    );
    for (const { headers, body } of answers) {
      const decode = headers["content-encoding"] === "br" ? brotliDecompressSync : gunzipSync;
      expect(decode(body).toString()).toBe(text);
      expect(headers["content-length"]).toBe(String(body.length));
    }
    expect(runs()).toBe(1);
  });

  it("that is too large is sent whole and not kept", async () => {
    const { get, runs } = await serve(
      (_, res) => {
        res.setHeader("x-kind", "large");
        for (let index = 0; index < 100; index += 1) res.write("0123456789".repeat(100));
        res.end("!");
      },
      { maxBytes: 10_000 },
    );
    const answer = await get("/a");
    expect(answer.body.length).toBe(100_001);
    expect(answer.headers["x-kind"]).toBe("large");
    expect((await get("/a")).body.length).toBe(100_001);
    expect(runs()).toBe(2);
  });

  it("of a failed handler is not kept", async () => {
    let fails = true;
    const { get } = await serve((_, res) => {
      if (fails) throw new Error("down");
      res.end("up");
    });
    expect((await get("/a")).status).toBe(500);
    fails = false;
    expect((await get("/a")).body.toString()).toBe("up");
  });

  it("keeps status and fields, of 404 too, and not of 503", async () => {
    const { get, runs } = await serve((req, res) => {
      res.writeHead(req.url === "/gone" ? 404 : 503, { "X-Why": "because", link: ["<a>", "<b>"] });
      res.end("no");
    });
    for (let round = 0; round < 2; round += 1) {
      const gone = await get("/gone");
      expect([gone.status, gone.headers["x-why"], gone.headers.link]).toEqual([
        404,
        "because",
        "<a>, <b>",
      ]);
      expect((await get("/busy")).status).toBe(503);
    }
    expect(runs()).toBe(3);
  });

  it("leaves methods other than GET and HEAD alone", async () => {
    const { get, runs } = await serve((req, res) => res.end(req.method));
    expect((await get("/a", {}, "POST")).body.toString()).toBe("POST");
    expect((await get("/a", {}, "POST")).body.toString()).toBe("POST");
    expect(runs()).toBe(2);
  });

  it("is given out stale while one handler makes a new one", async () => {
    let number = 0;
    const { get } = await serve(
      (_, res) => {
        number += 1;
        res.end(String(number));
      },
      { policy: { ttl: 20, staleFor: "1h" } },
    );
    expect((await get("/a")).body.toString()).toBe("1");
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect((await get("/a")).body.toString()).toBe("1");
    await vi.waitFor(
      async () => expect(Number((await get("/a")).body.toString())).toBeGreaterThan(1),
      10_000,
    );
  });

  it("is given out by another process as the first has made it", async () => {
    const redis = await startRedis();
    const connections = [1, 2].map(() => connectRedis(redis.url, { client: "ioredis" }));
    const answers: Answer[] = [];
    for (const [index, connection] of connections.entries()) {
      const cache = createCache({ redis: connection });
      caches.push(cache);
      const { get } = await serve(
        (_, res) => {
          res.setHeader("x-made-by", String(index));
          json(_, res);
        },
        { cache },
      );
      answers.push(await get("/a", { "accept-encoding": "gzip", host: "a.test" }));
    }
    const [first, second] = answers;
    expect(second?.headers["x-made-by"]).toBe("0");
    expect(second?.headers.etag).toBe(first?.headers.etag);
    expect(second?.body.equals(first?.body ?? Buffer.alloc(0))).toBe(true);
    await Promise.all(caches.splice(0).map((cache) => cache.close()));
    for (const connection of connections) await connection.close();
    await redis.stop();
  });

  it.each([
    ["end", () => undefined],
    ["write", (res: ServerResponse) => void res.write("x")],
    ["flushHeaders", (res: ServerResponse) => res.flushHeaders()],
  ])("keeps what is set at the last moment, before %s", async (_name, begin) => {
    const { get, runs } = await serve((_req, res) => {
      const writeHead = res.writeHead.bind(res);
      // As `on-headers` does it, and with it sessions, timing and others.
      res.writeHead = (...values: unknown[]) => {
        res.setHeader("x-late", "1");
        return Reflect.apply(writeHead, res, values);
      };
      begin(res);
      res.end();
    });
    for (let round = 0; round < 2; round += 1)
      expect((await get("/a")).headers["x-late"]).toBe("1");
    expect(runs()).toBe(1);
  });

  it("hands what a handler throws to `next`, from the cache and past it", async () => {
    const cache = createCache();
    caches.push(cache);
    const handler = cached({ cache, name: "broken" }, () => Promise.reject(new Error("down")));
    const errors: unknown[] = [];
    const server = createServer((req, res) => {
      void handler(req, res, (error) => {
        errors.push(error);
        res.end();
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    for (const method of ["GET", "POST"]) await fetch(`http://127.0.0.1:${port}/a`, { method });
    expect(errors.map(String)).toEqual(["Error: down", "Error: down"]);
  });

  it("refuses options that contradict each other", () => {
    const cache = createCache();
    caches.push(cache);
    expect(() => cached({ cache, name: "a", public: true, private: () => "x" }, json)).toThrow(
      "not both",
    );
    expect(() =>
      cached({ cache, name: "b", private: () => "x", cacheControl: "public" }, json),
    ).toThrow("without `public`");
    expect(() => cached({ cache, name: "c", maxBytes: -1 }, json)).toThrow("maxBytes");
  });
});
