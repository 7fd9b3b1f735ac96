import { readFile } from "node:fs/promises";
import { Agent, createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Cache, createCache, tag } from "@upshift/cache";
import { afterAll, expect, it } from "vitest";
import { cached, problemOfError, responseTags, send, sendProblem } from "../../src/index.ts";
import { rawRequest } from "../conformance/raw-request.ts";

const agent = new Agent({ keepAlive: true });
const closes: (() => unknown)[] = [() => agent.destroy()];
afterAll(async () => {
  for (const close of closes.toReversed()) await close();
});

it("the example of the response cache reads the items once until they change", async () => {
  const page = new URL("../../../../docs/patterns/response-cache.md", import.meta.url);
  const example = /```ts\n(.*?)```/s.exec(await readFile(page, "utf8"))?.[1] ?? "";
  const code = example.replaceAll(/^import .*\n/gm, "").replace("export const", "const");
  const seen: string[] = [];
  const given = {
    createServer,
    createCache: (): Cache => {
      const cache = createCache();
      closes.push(() => cache.close());
      return cache;
    },
    tag,
    cached,
    responseTags,
    send,
    sendProblem,
    problemOfError,
    findItems: async (url: string) => {
      if (url === "/none") throw new Error("the database is away");
      seen.push(url);
      return await Promise.resolve([{ id: seen.length }]);
    },
  };
  // oxlint-disable-next-line typescript/no-implied-eval
  const run = new Function(...Object.keys(given), `${code}\nreturn { server, itemsChanged };`) as (
    ...values: readonly unknown[]
  ) => { server: Server; itemsChanged: () => Promise<unknown> };
  const { server, itemsChanged } = run(...Object.values(given));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closes.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const get = (path: string, headers: Record<string, string> = {}) =>
    rawRequest({ port, agent, method: "GET", path, headers });
  const first = await get("/items?sort=name&page=2&utm=x");
  expect(first.body.toString()).toBe('[{"id":1}]');
  const { etag = "" } = first.fields;
  expect((await get("/items?page=2&sort=name", { "if-none-match": etag })).status).toBe(304);
  expect(seen).toEqual(["/items?page=2&sort=name"]);
  await itemsChanged();
  expect((await get("/items?page=2&sort=name")).body.toString()).toBe('[{"id":2}]');
  expect((await get("/items?sort=name&page=2", { cookie: "analytics=1" })).body.toString()).toBe(
    '[{"id":2}]',
  );
  expect((await get("/none")).status).toBe(500);
});
