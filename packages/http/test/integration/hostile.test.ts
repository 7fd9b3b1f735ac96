import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Cache, createCache } from "@upshift/cache";
import { afterEach, describe, expect, it, vi } from "vitest";
import { cached } from "../../src/cached/cached.ts";
import type { CachedOptions } from "../../src/cached/cached-options.ts";
import { send } from "../../src/send/send.ts";

const servers: Server[] = [];
const caches: Cache[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  for (const cache of caches.splice(0)) await cache.close();
});

type Handle = (request: IncomingMessage, response: ServerResponse) => unknown;

async function listen(handle: Handle, maxHeaderSize = 2 ** 20): Promise<Server> {
  const server = createServer({ maxHeaderSize }, handle);
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** A route whose runs are counted. */
async function serve(
  handle: Handle,
  options: Partial<CachedOptions> = {},
): Promise<{ server: Server; port: number; runs: () => number }> {
  const cache = createCache();
  caches.push(cache);
  let runs = 0;
  const answer = cached(
    { cache, name: "route", policy: { ttl: "1h" }, ...options },
    (request, response) => {
      runs += 1;
      return handle(request, response);
    },
  );
  const server = await listen((request, response) => {
    answer(request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  return { server, port: portOf(server), runs: () => runs };
}

/** What comes back for bytes as they are; the server is to close the connection. */
function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes, "latin1"));
    let text = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("close", () => resolve(text));
    socket.on("error", (error) => (text === "" ? reject(error) : resolve(text)));
  });
}

/** A GET for a target as it is. */
function get(port: number, target: string, fields: readonly string[] = []): Promise<string> {
  const lines = fields.some((field) => /^host:/i.test(field))
    ? fields
    : ["Host: a.test", ...fields];
  return exchange(
    port,
    `GET ${target} HTTP/1.1\r\n${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`,
  );
}

const bodyOf = (answer: string): string => answer.slice(answer.indexOf("\r\n\r\n") + 4);
const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

describe("an attacker", () => {
  /** Whatever the attacker asks for, and however it is spelled, a victim gets what the handler says to the victim. */
  const ATTACKS: readonly (readonly [string, string, readonly string[]])[] = [
    ["with an encoded slash", "/a%2Fb?x=1", []],
    ["with an encoding in capitals", "/a%2fb?x=1", []],
    ["with an encoding twice", "/a%252Fb?x=1", []],
    ["with two slashes", "//a/b?x=1", []],
    ["with a host in the path", "//evil.test/a/b?x=1", []],
    ["with a whole address", "http://evil.test/a/b?x=1", []],
    ["with dot segments", "/c/../a/b?x=1", []],
    ["with encoded dot segments", "/c/%2e%2e/a/b?x=1", []],
    ["with a dot", "/./a/b?x=1", []],
    ["with a backslash", "/\\a/b?x=1", []],
    ["with a semicolon", "/a/b;evil=1?x=1", []],
    ["with a semicolon between parameters", "/a/b?x=1;evil=1", []],
    ["with a slash at the end", "/a/b/?x=1", []],
    ["with a parameter twice", "/a/b?x=1&x=evil", []],
    ["with a parameter twice, the other first", "/a/b?x=evil&x=1", []],
    ["with a parameter in brackets", "/a/b?x[]=1&x[]=evil", []],
    ["with an ampersand within a value", "/a/b?x=1%26y=evil", []],
    ["with another name in capitals", "/a/b?X=1", []],
    ["with a null", "/a/b?x=1%00", []],
    ["with a question mark encoded", "/a/b%3Fx=1", []],
    ["with overlong UTF-8", "/a/b?x=%C0%B1", []],
    ["with bytes that are no UTF-8", "/a/b?x=1%ff", []],
    ["with an escape that is none", "/a/b?x=1%zz", []],
    ["with a raw byte above ASCII", "/a/b?x=1\xe4", []],
    ["with a fragment", "/a/b?x=1#evil", []],
    ["with another host", "/a/b?x=1", ["Host: evil.test"]],
    ["with a host in capitals", "/a/b?x=1", ["Host: A.TEST"]],
    ["with a port", "/a/b?x=1", ["Host: a.test:99"]],
    ["with a host that is none", "/a/b?x=1", ["Host: a.test/evil?"]],
    ["with a forwarded host", "/a/b?x=1", ["X-Forwarded-Host: evil.test"]],
    ["with a forwarded protocol", "/a/b?x=1", ["X-Forwarded-Proto: evil"]],
    ["with Forwarded", "/a/b?x=1", ["Forwarded: host=evil.test"]],
    ["with an original address", "/a/b?x=1", ["X-Original-URL: /evil"]],
    ["with another method in a field", "/a/b?x=1", ["X-HTTP-Method-Override: POST"]],
    ["with a range", "/a/b?x=1", ["Range: bytes=0-3"]],
    ["with a range and If-Range", "/a/b?x=1", ['If-Range: "x"', "Range: bytes=0-3"]],
    ["with Accept", "/a/b?x=1", ["Accept: text/evil"]],
    ["with credentials", "/a/b?x=1", ["Authorization: Basic evil"]],
    ["with a cookie", "/a/b?x=1", ["Cookie: evil=1"]],
    ["with a field that no one knows", "/a/b?x=1", ["X-Anything: evil"]],
  ];

  it.each(ATTACKS)("%s does not choose what others get", async (_, target, fields) => {
    const { port } = await serve((request, response) => {
      const { url, method, headers } = request;
      const seen = ["x-forwarded-host", "x-anything", "authorization", "cookie", "range", "accept"];
      const rest = ["x-forwarded-proto", "forwarded", "x-original-url", "x-http-method-override"];
      const values = [...seen, ...rest].map((name) => headers[name] ?? null);
      response.end(JSON.stringify([method, url, headers.host, ...values]));
    });
    const expected = JSON.stringify(["GET", "/a/b?x=1", "a.test", ...Array(10).fill(null)]);
    await get(port, target, fields);
    await get(port, target, fields);
    expect(bodyOf(await get(port, "/a/b?x=1"))).toBe(expected);
    expect(bodyOf(await get(port, "/a/b?x=1"))).toBe(expected);
  });

  it("with parameters that do not count does not reach the handler, by whatever spelling", async () => {
    const { port, runs } = await serve((request, response) => response.end(request.url), {
      query: ["id"],
    });
    for (const target of ["/a?id=1&utm=evil", "/a?%75tm=evil&id=1", "/a?id=1&&", "/a?=evil&id=1"])
      expect(bodyOf(await get(port, target)), target).toBe("/a?id=1");
    expect(runs()).toBe(1);
  });

  it("with HEAD does not empty what GET gets", async () => {
    const { port, runs } = await serve((request, response) => response.end(`${request.method}!`));
    const head = await exchange(
      port,
      "HEAD /a HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    );
    expect(bodyOf(head)).toBe("");
    expect(bodyOf(await get(port, "/a"))).toBe("GET!");
    expect(runs()).toBe(1);
  });

  it("cannot make a handler tell others what middleware knows of a user", async () => {
    const { port, runs } = await serve(
      (request, response) => response.end(`for ${String(Reflect.get(request, "user"))}`),
      { public: true },
    );
    const server = servers.at(-1);
    server?.prependListener("request", (request: IncomingMessage) => {
      Object.assign(request, { user: request.headers["x-api-key"] });
    });
    expect(bodyOf(await get(port, "/a", ["X-Api-Key: ann"]))).toBe("for ann");
    expect(bodyOf(await get(port, "/a", ["X-Api-Key: bob"]))).toBe("for bob");
    expect(bodyOf(await get(port, "/a"))).toBe("for undefined");
    expect(runs()).toBe(3);
  });

  it("cannot make a handler tell others the address of a client", async () => {
    const { port, runs } = await serve((request, response) =>
      response.end(request.socket.remoteAddress),
    );
    await get(port, "/a");
    await get(port, "/a");
    expect(runs()).toBe(2);
  });

  it.each([
    ["a line break in a value", "a\r\nset-cookie: evil=1"],
    ["a line feed", "a\nset-cookie: evil=1"],
    ["a carriage return", "a\rset-cookie: evil=1"],
    ["a null", "a\0b"],
    ["a line separator above Latin-1", "a\u{10a}\u{10d}set-cookie: evil=1"],
  ])("with %s writes no field", async (_, value) => {
    const { port } = await serve((_request, response) => {
      response.setHeader("x-name", value);
      response.end("x");
    });
    const sent = await get(port, "/a");
    expect(statusOf(sent)).toBe(500);
    expect(sent.toLowerCase()).not.toContain("set-cookie");
    const plain = await listen((_request, response) => {
      try {
        void send(response, "x", { headers: { "x-name": value } });
      } catch (error) {
        response.writeHead(500).end(String(error));
      }
    });
    const answer = await get(portOf(plain), "/a");
    expect(statusOf(answer)).toBe(500);
    expect(answer.toLowerCase()).not.toMatch(/\r\nset-cookie/);
  });

  it("with 10,000 tags, a megabyte of them, or what is none gets an answer at once", async () => {
    const { port } = await serve((_request, response) => {
      response.setHeader("content-type", "text/plain");
      response.end("x".repeat(2_000));
    });
    const lists = [
      Array.from({ length: 10_000 }, (_, index) => `"${index}"`).join(","),
      '"'.repeat(60_000),
      'W/"'.repeat(20_000),
      `"${"a".repeat(500_000)}"`,
      ", ".repeat(30_000),
      `${" ".repeat(60_000)}*${" ".repeat(60_000)}x`,
    ];
    for (const list of lists) {
      const startMs = process.cpuUsage().user;
      expect(statusOf(await get(port, "/a", [`If-None-Match: ${list}`]))).toBe(200);
      // Far above what it takes; quadratic work would be minutes.
      expect(process.cpuUsage().user - startMs).toBeLessThan(5_000_000);
    }
    for (const codings of [
      "gzip;q=0.5,".repeat(10_000),
      "gzip;".repeat(20_000),
      "*".repeat(60_000),
    ])
      expect(statusOf(await get(port, "/a", [`Accept-Encoding: ${codings}`]))).toBe(200);
  });

  it("with more header than Node takes is refused by Node, and the next is answered", async () => {
    const server = await listen((_request, response) => void send(response, "x"), 16_384);
    expect(statusOf(await get(portOf(server), "/a", [`X-A: ${"a".repeat(20_000)}`]))).toBe(431);
    expect(statusOf(await get(portOf(server), "/a", ["Bad header: x"]))).toBe(400);
    expect(statusOf(await get(portOf(server), "/a"))).toBe(200);
  });

  it("with ever new targets, hosts and codings does not fill memory", async () => {
    const cache = createCache({ l1: { maxEntries: 100 } });
    caches.push(cache);
    const { port, server } = await serve((_request, response) => response.end("x"), { cache });
    server.keepAliveTimeout = 60_000;
    const burst = async (from: number): Promise<void> => {
      let bytes = "";
      for (let index = from; index < from + 2_000; index += 1)
        bytes += `GET /a?x=${index} HTTP/1.1\r\nHost: h${index}.test\r\nAccept-Encoding: c${index}\r\n\r\n`;
      bytes += "GET /end HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";
      await exchange(port, bytes);
    };
    await burst(0);
    await burst(2_000);
    const before = heapBytes();
    for (let round = 2; round < 6; round += 1) await burst(round * 2_000);
    // 8,000 more keys, answers and lists; one that is kept for each would be several MB.
    expect(heapBytes() - before).toBeLessThan(4 * 2 ** 20);
  });
});

function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}

/** Park and Miller: the same in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const USERS = 200;

describe("two users", () => {
  it.each([1, 2, 3])("never share a private entry, seed %i", async (seed) => {
    const next = random(seed * 7_919);
    const { port, runs } = await serve(
      async (request, response) => {
        const { cookie } = request.headers;
        if (next() < 0.7) await new Promise((resolve) => setTimeout(resolve, next() * 4));
        if (next() < 0.05) throw new Error("down");
        response.setHeader("content-type", "text/plain");
        response.end(`for ${cookie} ${"padding ".repeat(200)}`);
      },
      { private: (request) => request.headers.cookie, policy: { ttl: 5, staleFor: "1m" } },
    );
    let seen = 0;
    const visit = async (user: number): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, next() * 60));
      const isAborted = next() < 0.1;
      const lines = [`Cookie: u${user}=${user}`];
      if (isAborted) {
        const socket = connect(port, "127.0.0.1", () => {
          socket.write(`GET /a HTTP/1.1\r\nHost: a.test\r\n${lines[0]}\r\n\r\n`);
          setTimeout(() => socket.destroy(), next() * 4);
        });
        await new Promise((resolve) => socket.on("close", resolve));
        return;
      }
      const answer = await get(port, "/a", lines);
      if (statusOf(answer) === 500) return;
      expect(bodyOf(answer)).toMatch(new RegExp(`^for u${user}=${user} `));
      expect(answer.toLowerCase()).toContain("cache-control: private");
      seen += 1;
    };
    const visits = Array.from({ length: USERS * 4 }, (_, index) => visit(index % USERS));
    await Promise.all(visits);
    expect(seen).toBeGreaterThan(USERS * 2);
    expect(runs()).toBeGreaterThan(USERS);
  });
});

describe("clients that do not read, or leave", () => {
  it("leave nothing behind: no socket, listener, timer or memory", async () => {
    const large = Buffer.alloc(512 * 1_024, "a");
    const { port, server } = await serve(
      async (request, response) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        response.setHeader("content-type", "text/plain");
        response.end(request.url === "/large" ? large : "small");
      },
      { maxBytes: 300_000 },
    );
    const leave = (target: string, afterMs: number): Promise<void> =>
      new Promise((resolve) => {
        const socket: Socket = connect(port, "127.0.0.1", () => {
          socket.pause();
          socket.write(`GET ${target} HTTP/1.1\r\nHost: a.test\r\n\r\n`);
          setTimeout(() => socket.destroy(), afterMs);
        });
        socket.on("error", () => undefined);
        socket.on("close", () => resolve());
      });
    const wave = async (): Promise<void> => {
      await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          leave(index % 2 === 0 ? "/large" : `/small?${index}`, index % 7),
        ),
      );
      await vi.waitFor(async () => expect(await connections(server)).toBe(0), 10_000);
    };
    await wave();
    const timers = activeTimers();
    const before = heapBytes();
    await wave();
    await wave();
    await vi.waitFor(() => expect(activeTimers()).toBeLessThanOrEqual(timers + 2), 10_000);
    expect(heapBytes() - before).toBeLessThan(8 * 2 ** 20);
    expect(server.listenerCount("request")).toBe(1);
    expect(bodyOf(await get(port, "/small?1"))).toBe("small");
  });

  it("slowly get it whole, while others are answered", async () => {
    const large = Buffer.alloc(4 * 2 ** 20, "a");
    const { port } = await serve(
      (request, response) => {
        response.setHeader("content-type", "text/plain");
        response.end(request.url === "/large" ? large : "small");
      },
      { maxBytes: 2 ** 20 },
    );
    const socket = connect(port, "127.0.0.1", () =>
      socket.write("GET /large HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    );
    socket.pause();
    expect(bodyOf(await get(port, "/small"))).toBe("small");
    let received = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      received += chunk;
      socket.pause();
      setTimeout(() => socket.resume(), 1);
    });
    socket.resume();
    await new Promise((resolve) => socket.on("close", resolve));
    expect(statusOf(received)).toBe(200);
    // In chunks, with their sizes between them.
    const letters = bodyOf(received).match(/a{3,}/g) ?? [];
    expect(letters.reduce((sum, run) => sum + run.length, 0)).toBeGreaterThan(large.length - 100);
  });
});

function connections(server: Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((_, count) => resolve(count)));
}

function activeTimers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
}
