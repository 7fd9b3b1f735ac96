import { readFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as cachePackage from "@upshift/cache";
import { afterAll, expect, it } from "vitest";
import * as httpPackage from "../../src/index.ts";

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

it("opens with an example that does what it says", async () => {
  const text = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const example = /```ts\n(.*?)```/s.exec(text)?.[1] ?? "";
  const [before = "", after = ""] = example
    .replaceAll(/import \{.*?\} from "[^"]*";\n/g, "")
    .split("server.listen(3000);\n");
  const { cached, problemOfError, responseTags, send, sendProblem } = httpPackage;
  const { createCache, tag } = cachePackage;
  let findCount = 0;
  const given = {
    cached,
    responseTags,
    send,
    sendProblem,
    problemOfError,
    createCache,
    tag,
    createServer: (listener: RequestListener) => {
      const server = createServer(listener);
      servers.push(server);
      return server;
    },
    findItems: async () => {
      findCount += 1;
      return [{ id: findCount }];
    },
  };
  // oxlint-disable-next-line typescript/no-implied-eval
  const run = new Function(
    ...Object.keys(given),
    `${before}\nreturn { server, invalidate: async () => { ${after} } };`,
  ) as (...values: readonly unknown[]) => { server: Server; invalidate: () => Promise<void> };
  const { server, invalidate } = run(...Object.values(given));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const get = async (headers: Record<string, string> = {}) =>
    await fetch(`http://127.0.0.1:${port}/items`, { headers });
  const first = await get();
  expect(await first.json()).toEqual([{ id: 1 }]);
  const again = await get({ "if-none-match": first.headers.get("etag") ?? "" });
  expect(again.status).toBe(304);
  expect(findCount).toBe(1);
  await invalidate();
  expect(await (await get()).json()).toEqual([{ id: 2 }]);
});
