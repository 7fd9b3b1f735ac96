import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { serve as serveHono } from "@hono/node-server";
import { connectRedis, type Decision, memoryLimitStore, rateLimit } from "@upshift/redis";
import { createSimulatedClock } from "@upshift/foundation/testing";
import { bringRedis, componentSkips, type RedisServer, startRedis } from "@upshift/services";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { rateLimited, rateLimitedHono, rateLimitedHook } from "../../src/index.ts";
import { get, serve, type TestServer } from "../streaming/http-client.ts";

const skips = await componentSkips("Redis", bringRedis);

let close: (() => Promise<unknown>) | undefined;
afterEach(async () => {
  await close?.();
  close = undefined;
});

const QUOTA = { burst: "2/1m", daily: "100/1d" };
const TYPE = "https://iana.org/assignments/http-problem-types#quota-exceeded";

function limitInMemory() {
  const clock = createSimulatedClock();
  const limit = rateLimit(memoryLimitStore({ clock }), { name: "api", policies: QUOTA, clock });
  return { limit, clock };
}

/** A server of each framework that limits by the second address of `X-Forwarded-For` from the right. */
const servers: Record<string, (limit: ReturnType<typeof rateLimit>) => Promise<number>> = {
  async "node:http"(limit) {
    const limited = rateLimited(limit, { trustedHops: 1 });
    const server: TestServer = await serve((request, response) => {
      const answer = async (): Promise<void> => {
        if (await limited(request, response)) response.end("ok");
      };
      void answer();
    });
    close = () => server.close();
    return server.port;
  },
  async express(limit) {
    const app = express();
    app.use(rateLimited(limit, { trustedHops: 1 }));
    app.get("/", (_, response) => void response.end("ok"));
    const server = app.listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    close = () => new Promise((resolve) => server.close(resolve));
    return (server.address() as AddressInfo).port;
  },
  async fastify(limit) {
    const app = fastify();
    app.addHook("onRequest", rateLimitedHook(limit, { trustedHops: 1 }));
    app.get("/", () => "ok");
    await app.listen({ port: 0, host: "127.0.0.1" });
    close = () => app.close();
    return (app.server.address() as AddressInfo).port;
  },
  async hono(limit) {
    const app = new Hono();
    app.use(rateLimitedHono(limit, { trustedHops: 1 }));
    app.get("/", (context) => context.text("ok"));
    const server = await new Promise<ReturnType<typeof serveHono>>((resolve) => {
      const started = serveHono({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () =>
        resolve(started),
      );
    });
    close = () => new Promise((resolve) => server.close(resolve));
    return (server.address() as AddressInfo).port;
  },
};

describe.each(Object.keys(servers))("%s", (framework) => {
  const start = async () => {
    const { limit, clock } = limitInMemory();
    const port = await servers[framework]?.(limit);
    const ask = (forwarded: string, method = "GET") =>
      get(port ?? 0, { method, headers: { "x-forwarded-for": forwarded } });
    return { ask, clock };
  };

  test("answers those over the limit with 429, and tells the others what is left", async () => {
    const { ask, clock } = await start();
    const first = await ask("1.2.3.4");
    expect(first).toMatchObject({ status: 200, body: "ok" });
    expect(first.headers).toMatchObject({
      "ratelimit-policy": '"burst";q=2;w=60, "daily";q=100;w=86400',
      ratelimit: '"burst";r=1;t=30, "daily";r=99;t=864',
    });
    expect(first.headers["retry-after"]).toBe(undefined);
    // What the client writes itself changes nothing.
    await ask("9.9.9.9, 1.2.3.4");
    const refused = await ask("8.8.8.8, 7.7.7.7, 1.2.3.4");
    expect(refused.status).toBe(429);
    expect(refused.headers).toMatchObject({
      "content-type": "application/problem+json",
      "retry-after": "30",
      ratelimit: '"burst";r=0;t=60, "daily";r=98;t=1728',
      "cache-control": "no-store",
    });
    expect(JSON.parse(refused.body)).toEqual({
      type: TYPE,
      title: "Quota exceeded",
      status: 429,
      detail: "Try again in 30 s.",
      "violated-policies": ["burst"],
    });
    expect((await ask("1.2.3.5")).status).toBe(200);
    await clock.advance(30_000);
    expect((await ask("1.2.3.4")).status).toBe(200);
  });

  test("counts a network of IPv6 as one, and IPv4 inside of IPv6 as IPv4", async () => {
    const { ask } = await start();
    await ask("2001:db8:0:1::1");
    await ask("[2001:db8:0:1:ffff::2]:443");
    expect((await ask("2001:db8:0:1::3")).status).toBe(429);
    expect((await ask("2001:db8:0:2::1")).status).toBe(200);
    await ask("::ffff:1.2.3.4");
    await ask("1.2.3.4");
    expect((await ask("::ffff:102:304")).status).toBe(429);
  });

  test("gives a HEAD request the head of it", async () => {
    const { ask } = await start();
    await ask("1.1.1.1");
    await ask("1.1.1.1");
    const head = await ask("1.1.1.1", "HEAD");
    expect(head).toMatchObject({ status: 429, body: "" });
    expect(head.headers["content-type"]).toBe("application/problem+json");
  });
});

/** A server of node:http with these options. */
async function answers(
  options: Parameters<typeof rateLimited>[1],
  limit: Parameters<typeof rateLimited>[0] = limitInMemory().limit,
) {
  const limited = rateLimited(limit, options);
  const server = await serve((request, response) => {
    limited(request, response).then(
      (isAllowed) => isAllowed && response.end("ok"),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  close = () => server.close();
  return (headers: Record<string, string> = {}) => get(server.port, { headers });
}

describe("options", () => {
  test("a key of the program's own, and nobody who is let through", async () => {
    const ask = await answers({ key: async (request) => request.headers.authorization });
    await ask({ authorization: "a" });
    await ask({ authorization: "a" });
    expect((await ask({ authorization: "a" })).status).toBe(429);
    expect((await ask({ authorization: "b" })).status).toBe(200);
    const free = await ask();
    expect(free.status).toBe(200);
    expect(free.headers["ratelimit"]).toBe(undefined);
  });

  test("a cost by request, and headers only for those who are refused", async () => {
    const ask = await answers({
      cost: (request) => Number(request.headers["x-cost"] ?? 1),
      headers: false,
    });
    expect((await ask({ "x-cost": "2" })).headers["ratelimit"]).toBe(undefined);
    expect((await ask()).headers["ratelimit"]).toBe('"burst";r=0;t=60, "daily";r=98;t=1728');
    // What a limit refuses to decide is an error of the program's, not an answer.
    expect(await ask({ "x-cost": "3" })).toMatchObject({ status: 500 });
  });

  test("a limit that cannot count is 503 where it must not let through, and tells nothing where it does", async () => {
    const decision: Decision = {
      isAllowed: false,
      policy: "burst",
      remaining: 0,
      retryAfterMs: 900,
      resetAfterMs: 0,
      policies: [
        { name: "burst", limit: 2, windowMs: 1, remaining: 2, retryAfterMs: 0, resetAfterMs: 0 },
      ],
      decidedBy: "closed",
    };
    const closed = await (await answers({}, { take: () => Promise.resolve(decision) }))();
    expect(closed.status).toBe(503);
    expect(closed.headers).toMatchObject({ "retry-after": "1" });
    expect(closed.headers["ratelimit"]).toBe(undefined);
    expect(closed.body).toContain("#temporary-reduced-capacity");
    await close?.();
    const open: Decision = { ...decision, isAllowed: true, decidedBy: "open" };
    const allowed = await (await answers({}, { take: () => Promise.resolve(open) }))();
    expect(allowed.status).toBe(200);
    expect(allowed.headers["ratelimit"]).toBe(undefined);
  });

  test("a failure goes to `next`, and wrong options are refused at once", async () => {
    const failing = { take: () => Promise.reject(new Error("broken")) };
    const told: unknown[] = [];
    const request = { headers: {}, socket: { remoteAddress: "1.1.1.1" } };
    const isAllowed = await rateLimited(failing)(request as never, {} as ServerResponse, (error) =>
      told.push(error),
    );
    expect([isAllowed, told]).toEqual([false, [new Error("broken")]]);
    const { limit } = limitInMemory();
    expect(() => rateLimited(limit, { trustedHops: -1 })).toThrow("`trustedHops`");
    expect(() => rateLimited({} as never)).toThrow("a limit of `rateLimit`");
  });
});

describe.skipIf(skips.isMissing)("with Redis", () => {
  let redisServer: RedisServer;
  beforeAll(async () => {
    redisServer = await startRedis();
  });
  afterAll(() => redisServer?.stop());

  test("two servers and many requests at once let through exactly the limit", async () => {
    const redis = connectRedis(redisServer.url);
    const limit = () => rateLimit(redis, { name: "shared", policies: { burst: "20/1h" } });
    const ports = [await servers["node:http"]?.(limit())];
    const closeFirst = close;
    ports.push(await servers["express"]?.(limit()));
    const asked = Array.from({ length: 60 }, (_, n) =>
      get(ports[n % 2] ?? 0, { headers: { "x-forwarded-for": "1.2.3.4" } }),
    );
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBe(20);
    expect(statuses.filter((status) => status === 429).length).toBe(40);
    await closeFirst?.();
    await redis.close();
  });
});
