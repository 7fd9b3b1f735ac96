import { setTimeout as later } from "node:timers/promises";
import express from "express";
import { expect, it } from "vitest";
import { cached as cachedExpress } from "../../src/adapters/express.ts";
import { cached } from "../../src/cached/cached.ts";
import { cache, listen } from "../cached-stage.ts";
import { get } from "../streaming/http-client.ts";

const ignore = (): void => undefined;

it("a response that cannot be sent to who made it is no failure of those that wait", async () => {
  const handler = cached({ cache, name: "route", onWarning: ignore }, async (request, response) => {
    const user = String(request.headers["x-user"]);
    await later(50);
    response.setHeader("Cache-Control", "public, max-age=5");
    response.end(`for ${user}`);
  });
  const port = await listen((request, response) => {
    // Public, with a cookie: refused.
    if (request.headers["x-user"] === "ann") response.setHeader("Set-Cookie", "a=1");
    handler(request, response).catch(() => {
      response.removeHeader("Set-Cookie");
      response.writeHead(500).end();
    });
  });
  const first = get(port, { headers: { "x-user": "ann" } });
  await later(20);
  const second = get(port, { headers: { "x-user": "bob" } });
  expect([await first, await second]).toMatchObject([
    { status: 500 },
    { status: 200, body: "for bob" },
  ]);
});

it("nobody waits for a handler that answers by the response of a closure", async () => {
  const warnings: string[] = [];
  const app = express();
  app.use((_request, response, next) => {
    Object.assign(response, { success: (value: unknown) => response.json(value) });
    next();
  });
  app.get(
    "/",
    cachedExpress(
      { cache, name: "route", onWarning: ({ message }) => void warnings.push(message) },
      async (_request, response: express.Response) => {
        await later(20);
        Reflect.get(response, "success")("done");
      },
    ),
  );
  const port = await listen(app);
  const begunMs = performance.now();
  const answers = await Promise.all([get(port), get(port)]);
  expect(answers.map(({ body }) => body)).toEqual(['"done"', '"done"']);
  expect(performance.now() - begunMs).toBeLessThan(5_000);
  expect(warnings).toEqual([expect.stringContaining("another response")]);
});

it("a body that is shorter than announced is not kept", async () => {
  const warnings: string[] = [];
  const onWarning = ({ message }: Error): void => void warnings.push(message);
  let runs = 0;
  const handler = cached({ cache, name: "route", onWarning }, (_request, response) => {
    response.setHeader("Content-Length", 8);
    response.end((runs += 1) === 1 ? "part" : "complete");
  });
  const port = await listen((request, response) => {
    handler(request, response).catch(() => response.destroy());
  });
  await get(port);
  expect((await get(port)).body).toBe("complete");
  expect(warnings).toEqual([expect.stringContaining("announced")]);
});

const person: (request: object) => never = (request) =>
  Promise.resolve(Reflect.get(request, "user")) as never;

it("refuses a promise of a person or of a part of the key, which would be the same for all", async () => {
  for (const option of [{ private: person }, { key: person }, { key: () => [{}] as never }]) {
    const handler = cached({ cache, name: `route${Math.random()}`, ...option }, (_, response) =>
      response.end(),
    );
    const port = await listen((request, response) => {
      handler(request, response).catch((error: Error) => response.end(error.message));
    });
    expect((await get(port)).body).toContain("a promise");
  }
});
