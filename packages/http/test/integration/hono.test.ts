import { createCache } from "@upshift/cache";
import { type Context, Hono } from "hono";
import { expect, it } from "vitest";
import { cached, requestFacts, send } from "../../src/adapters/hono.ts";

it("gives a Response that a middleware may still add to", async () => {
  const app = new Hono();
  app.use(async (context, next) => {
    context.header("x-before", "1");
    await next();
    context.res.headers.set("x-after", "2");
  });
  app.get("/", (context) => send(context, { id: 1 }, { status: 201 }));
  const response = await app.request("/");
  expect([response.status, await response.json()]).toEqual([201, { id: 1 }]);
  expect(response.headers.get("x-before")).toBe("1");
  expect(response.headers.get("x-after")).toBe("2");
});

it("HEAD of a route of GET is its head", async () => {
  const app = new Hono().get("/", (context) => send(context, { id: 1 }));
  const response = await app.request("/", { method: "HEAD" });
  expect([response.status, response.headers.get("content-length")]).toEqual([200, "8"]);
  expect(await response.text()).toBe("");
});

it("the facts of a request have path and query, as they came", async () => {
  const app = new Hono().get("/a", (context) => {
    const facts = requestFacts(context);
    return send(context, [facts.method, facts.url, facts.header("x-one")]);
  });
  const response = await app.request("http://shop.example:8080/a?b=%20&c", {
    headers: { "X-One": "1" },
  });
  expect(await response.json()).toEqual(["GET", "/a?b=%20&c", "1"]);
});

it("an address without a path is the root", () => {
  const facts = requestFacts({
    req: { method: "GET", url: "http://shop.example", header: () => undefined },
    res: { headers: new Headers() },
  });
  expect(facts.url).toBe("/");
});

it("a reader that cancels ends the source", async () => {
  let isReleased = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield await Promise.resolve(Buffer.from("x"));
    } finally {
      isReleased = true;
    }
  }
  const app = new Hono().get("/", (context) => send(context, endless()));
  const response = await app.request("/");
  const reader = response.body?.getReader();
  expect((await reader?.read())?.done).toBe(false);
  await reader?.cancel();
  expect(isReleased).toBe(true);
});

it("what the application answers for notFound is that of each request", async () => {
  const app = new Hono();
  app.use(async (context, next) => {
    context.header("set-cookie", "id=1", { append: true });
    await next();
  });
  app.notFound((context) => context.text(`nothing for ${context.req.header("x-user")}`, 404));
  app.get(
    "/",
    cached({ cache: createCache(), name: "none" }, (context: Context) => context.notFound()),
  );
  for (const user of ["ann", "bob"]) {
    const response = await app.request("/", { headers: { "x-user": user } });
    expect([response.status, await response.text()]).toEqual([404, `nothing for ${user}`]);
    expect(response.headers.getSetCookie()).toEqual(["id=1"]);
  }
});

it.each([undefined, "text"])("a handler that returns %s is told what it has to", async (given) => {
  const app = new Hono();
  let message = "";
  app.onError((error, context) => {
    ({ message } = error);
    return context.body(null, 500);
  });
  app.get(
    "/",
    cached({ cache: createCache(), name: "none" }, () => given as never),
  );
  expect((await app.request("/")).status).toBe(500);
  expect(message).toContain("a handler that returns a `Response`");
});
