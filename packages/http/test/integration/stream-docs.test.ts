import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import * as postgres from "@upshift/postgres";
import { memoryLimitStore, rateLimit } from "@upshift/redis";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as http from "../../src/index.ts";
import { get } from "../streaming/http-client.ts";

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(`
    CREATE TABLE users (id int PRIMARY KEY, email text);
    INSERT INTO users VALUES (1, 'a@example.org'), (2, 'b@example.org');
    CREATE TABLE people (id int PRIMARY KEY, name text, email text);
    CREATE TABLE articles (id int PRIMARY KEY, title text, author_id int NOT NULL REFERENCES people);
    INSERT INTO people VALUES (1, 'Ada', 'ada@example.org');
    INSERT INTO articles VALUES (1, 'One', 1)`);
  pool = new Pool({ connectionString: database.url, max: 2 });
});
afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

/** The example of a page that makes a server, run as it stands with what it takes as given. */
async function withExample(
  page: string,
  given: Readonly<Record<string, unknown>>,
  body: (port: number) => Promise<void>,
): Promise<void> {
  const text = await readFile(
    new URL(`../../../../docs/patterns/${page}`, import.meta.url),
    "utf8",
  );
  const examples = [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code = ""]) => code);
  const example = examples.find((code) => code.includes("createServer")) ?? "";
  const known: Record<string, unknown> = { ...postgres, ...http, createServer, ...given };
  const names = [...example.matchAll(/^import \{(.*?)\} from/gm)].flatMap(([, list = ""]) =>
    list.split(",").map((name) => name.trim()),
  );
  const all = [...new Set([...names, ...Object.keys(given)])];
  expect(all.filter((name) => known[name] === undefined)).toEqual([]);
  // Without its imports and the types of parameters.
  const code = example.replaceAll(/^import .*$/gm, "").replaceAll(/\((\w+): \w+\) =>/g, "($1) =>");
  // oxlint-disable-next-line typescript/no-implied-eval
  const run = new Function(...all, `${code}\nreturn server;`) as (
    ...values: readonly unknown[]
  ) => Server;
  const server = run(...all.map((name) => known[name]));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await body((server.address() as AddressInfo).port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

test("the example of the page on streaming", () =>
  withExample("http-streaming.md", { pool }, async (port) => {
    const json = await get(port);
    expect(JSON.parse(json.body)).toEqual([
      { id: 1, email: "a@example.org" },
      { id: 2, email: "b@example.org" },
    ]);
    const csv = await get(port, { headers: { accept: "text/csv" } });
    expect(csv.body).toBe("id,email\r\n1,a@example.org\r\n2,b@example.org\r\n");
    const lines = await get(port, { headers: { accept: "application/x-ndjson" } });
    expect(lines.body.split("\n")).toHaveLength(3);
  }));

test("the example of the page on sparse fieldsets", () =>
  withExample(
    "sparse-fieldsets.md",
    { pool, userOf: (request: IncomingMessage) => ({ isEditor: request.headers["x-editor"] }) },
    async (port) => {
      const ask = async (path: string): Promise<unknown> =>
        JSON.parse((await get(port, { path })).body);
      expect(await ask("/articles")).toEqual([{ id: 1, title: "One" }]);
      expect(await ask("/articles?fields=title,author(name,email)")).toEqual([
        { title: "One", author: { name: "Ada" } },
      ]);
      expect(await ask("/articles?fields=secret")).toMatchObject({
        status: 400,
        allowed: ["id", "title", "author.name"],
      });
    },
  ));

test("the example of the page on rate limiting", () => {
  const limit = rateLimit(memoryLimitStore(), { name: "api", policies: { burst: "1/1h" } });
  return withExample("rate-limiting.md", { limit }, async (port) => {
    expect(await get(port)).toMatchObject({ status: 200, body: "hello" });
    expect(await get(port)).toMatchObject({ status: 429 });
  });
});
