import { readFile } from "node:fs/promises";
import { Agent, createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { afterAll, expect, it } from "vitest";
import { gunzipSync } from "node:zlib";
import { compression, problemOfError, send, sendProblem } from "../../src/index.ts";
import { rawRequest, type RawAnswer } from "../conformance/raw-request.ts";

const agent = new Agent({ keepAlive: true });
const servers: Server[] = [];

afterAll(() => {
  agent.destroy();
  for (const server of servers) server.close();
});

/** The first example of a page, run as it stands with what it takes as given; `result` is a name of it. */
async function runExample(
  page: string,
  given: Readonly<Record<string, unknown>>,
  result: string,
): Promise<unknown> {
  const url = new URL(`../../../../docs/patterns/${page}`, import.meta.url);
  const example = /```ts\n(.*?)```/s.exec(await readFile(url, "utf8"))?.[1] ?? "";
  const code = example.replaceAll(/^import .*\n/gm, "");
  // oxlint-disable-next-line typescript/no-implied-eval
  const run = new Function(...Object.keys(given), `${code}\nreturn ${result};`) as (
    ...values: readonly unknown[]
  ) => unknown;
  return run(...Object.values(given));
}

async function portOf(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function get(port: number, path: string, headers: Record<string, string>): Promise<RawAnswer> {
  return rawRequest({ port, agent, method: "GET", path, headers });
}

it("the example of responses answers 304 without reading the items", async () => {
  let reads = 0;
  let version = 12;
  const findItems = async () => {
    reads += 1;
    return await Promise.resolve([{ id: 1 }]);
  };
  const given = {
    createServer,
    send,
    sendProblem,
    problemOfError,
    findItems,
    itemsVersion: () => version,
  };
  const port = await portOf((await runExample("http-responses.md", given, "server")) as Server);
  const first = await get(port, "/", {});
  expect(first.body.toString()).toBe('[{"id":1}]');
  expect(first.fields).toMatchObject({
    etag: '"12"',
    "cache-control": "public, max-age=30, stale-while-revalidate=300",
  });
  const second = await get(port, "/", { "if-none-match": '"12"' });
  expect([second.status, reads]).toEqual([304, 1]);
  version = Number.NaN;
  expect((await get(port, "/", {})).status).toBe(500);
});

it("the example of compression compresses what Express sends", async () => {
  const items = Array.from({ length: 200 }, (_, id) => ({ id }));
  const given = { express, compression, items };
  const app = (await runExample("compression.md", given, "app")) as express.Express;
  const answer = await get(await portOf(createServer(app)), "/items", {
    "accept-encoding": "gzip",
  });
  expect(answer.fields).toMatchObject({ "content-encoding": "gzip", vary: "Accept-Encoding" });
  expect(JSON.parse(gunzipSync(answer.body).toString())).toEqual(items);
});
