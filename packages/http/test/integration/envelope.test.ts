import { randomBytes } from "node:crypto";
import { cursors, keyset, type PageReader } from "@upshift/postgres";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pageAnswer, problemOfError, send, sendProblem } from "../../src/index.ts";
import { get, serve, type TestServer } from "../streaming/http-client.ts";

const ROWS = 57;

let database: TestDatabase;
let pool: Pool;
let server: TestServer;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(
    `CREATE TABLE items (id int PRIMARY KEY, score int NOT NULL);
     INSERT INTO items SELECT n, n % 7 FROM generate_series(1, ${ROWS}) AS n`,
  );
  pool = new Pool({ connectionString: database.url, max: 2 });
  const page: PageReader<{ id: number }> = keyset(pool, {
    from: "items",
    order: [["score", "desc"]],
    cursors: cursors({ secret: randomBytes(32) }),
    pageSize: 10,
  });
  server = await serve((request, response) => {
    const answer = async (): Promise<void> => {
      const { searchParams } = new URL(request.url ?? "/", "http://localhost");
      const size = (name: string): number | undefined =>
        searchParams.has(name) ? Number(searchParams.get(name)) : undefined;
      const found = await page({
        first: size("first"),
        last: size("last"),
        after: searchParams.get("after"),
        before: searchParams.get("before"),
        count: true,
      });
      const { value, headers } = pageAnswer(request, found, { pageSize: 10 });
      await send(response, value, { headers });
    };
    answer().catch((error: unknown) => sendProblem(response, problemOfError(error)));
  });
});
afterAll(async () => {
  await server?.close();
  await pool?.end();
  await database?.drop();
});

function linkTo(rel: string, header: unknown): string | undefined {
  return new RegExp(`<([^>]*)>; rel="${rel}"`).exec(String(header))?.[1];
}

/** The ids of all pages, going on by one relation, and how many pages there were. */
async function walk(start: string, rel: string) {
  const pages: number[][] = [];
  for (let path: string | undefined = start; path !== undefined;) {
    const seen = await get(server.port, { path });
    expect(seen.status).toBe(200);
    pages.push((JSON.parse(seen.body) as { id: number }[]).map(({ id }) => id));
    path = linkTo(rel, seen.headers.link);
  }
  return pages;
}

test("links lead through the whole list and back, and to its ends", async () => {
  const expected = Array.from({ length: ROWS }, (_, n) => n + 1).toSorted(
    (a, b) => (b % 7) - (a % 7),
  );
  const forward = await walk("/items?first=8&x=1", "next");
  expect(new Set(forward.flat()).size).toBe(ROWS);
  expect(forward.length).toBe(8);
  const scores = forward.flat().map((id) => id % 7);
  expect(scores).toEqual(expected.map((id) => id % 7));
  const first = await get(server.port, { path: "/items?first=8&x=1" });
  const last = linkTo("last", first.headers.link);
  expect(last).toBe("/items?x=1&last=8");
  const backward = await walk(last ?? "", "prev");
  expect(backward.toReversed().flat()).toEqual(forward.flat());
});

test("a page is bare, or in an envelope with the same links and its total", async () => {
  const bare = await get(server.port, { path: "/items" });
  expect(JSON.parse(bare.body)).toHaveLength(10);
  const full = await get(server.port, { path: "/items?envelope=true" });
  const { data, links, total } = JSON.parse(full.body) as {
    data: unknown;
    links: Record<string, string | null>;
    total: number;
  };
  expect({ data, total }).toEqual({ data: JSON.parse(bare.body), total: ROWS });
  expect(links).toMatchObject({ first: "/items?envelope=true&first=10", prev: null });
  expect(linkTo("next", full.headers.link)).toBe(links["next"]);
  const wanted = await get(server.port, {
    path: "/items",
    headers: { accept: "application/json;envelope=true" },
  });
  expect(JSON.parse(wanted.body)).toMatchObject({ total: ROWS });
  expect(wanted.headers["vary"]).toContain("Accept");
});

test("a cursor that is none is 400, and says no more than that", async () => {
  const seen = await get(server.port, { path: "/items?after=forged" });
  expect(seen).toMatchObject({ status: 400 });
  expect(JSON.parse(seen.body)).toMatchObject({ code: "UPSHIFT_INVALID_CURSOR" });
});
