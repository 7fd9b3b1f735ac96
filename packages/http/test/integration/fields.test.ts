import { projection, type Queryable } from "@upshift/postgres";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fieldset, pick, problemOfError, projectionPaths, sendProblem } from "../../src/index.ts";
import { get, serve, type TestServer } from "../streaming/http-client.ts";

let database: TestDatabase;
let pool: Pool;
let server: TestServer;
const statements: string[] = [];

const articles = projection({
  table: "articles",
  joins: { author: { table: "people", on: { author_id: "id" } } },
  fields: {
    id: "id",
    title: "title",
    body: "body",
    author: { join: "author", fields: { name: "name", email: "email" } },
  },
});

interface User {
  readonly isEditor: boolean;
}

const articleFields = fieldset(articles, {
  default: ["id", "title"],
  visible: { "author.email": (user: User) => user.isEditor },
});

beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(`
    CREATE TABLE people (id int PRIMARY KEY, name text, email text);
    CREATE TABLE articles (id int PRIMARY KEY, title text, body text, author_id int NOT NULL REFERENCES people);
    INSERT INTO people VALUES (1, 'Ada', 'ada@example.org');
    INSERT INTO articles VALUES (1, 'One', 'long', 1), (2, 'Two', 'longer', 1)`);
  pool = new Pool({ connectionString: database.url, max: 2 });
  const watched: Queryable = {
    query(...args: readonly unknown[]): never {
      const [first] = args;
      statements.push(typeof first === "string" ? first : (first as { text: string }).text);
      return (pool.query.bind(pool) as (...given: readonly unknown[]) => never)(...args);
    },
  };
  server = await serve((request, response) => {
    const answer = async (): Promise<void> => {
      const user = { isEditor: request.headers["x-editor"] === "yes" };
      const selection = articleFields.parse(request.url ?? "/", user);
      const rows = await articles.select(watched, projectionPaths(articles, selection), {
        orderBy: [["id", "asc"]],
      });
      response.setHeader("X-Key", selection.key);
      response.end(JSON.stringify(rows));
    };
    answer().catch((error: unknown) => sendProblem(response, problemOfError(error)));
  });
});
afterAll(async () => {
  await server?.close();
  await pool?.end();
  await database?.drop();
});

async function ask(query: string, headers: Record<string, string> = {}) {
  statements.length = 0;
  const seen = await get(server.port, { path: `/articles${query}`, headers });
  const selects = statements.filter((text) => /"public"\."articles"/.test(text));
  return { ...seen, json: JSON.parse(seen.body) as unknown, sql: selects.at(-1) ?? "" };
}

test("only the columns that are asked for are read, and only the joins that they need", async () => {
  const short = await ask("?fields=title,id,title");
  expect(short.json).toEqual([
    { id: 1, title: "One" },
    { id: 2, title: "Two" },
  ]);
  expect(short.sql).toContain('"title"');
  expect(short.sql).not.toMatch(/"body"|"people"|"author_id"/);
  expect(short.headers["x-key"]).toBe("id,title");
  const joined = await ask("?fields=author(name)");
  expect(joined.json).toEqual([{ author: { name: "Ada" } }, { author: { name: "Ada" } }]);
  expect(joined.sql).toContain('"people"');
  expect(joined.sql).not.toMatch(/"title"|"body"|"email"/);
  expect((await ask("")).json).toEqual(short.json);
});

test("a column that a request may not see is not read", async () => {
  const reader = await ask("?fields=author");
  expect(reader.json).toEqual([{ author: { name: "Ada" } }, { author: { name: "Ada" } }]);
  expect(reader.sql).not.toContain('"email"');
  const editor = await ask("?fields=id,author(email)", { "x-editor": "yes" });
  expect(editor.json).toMatchObject([{ author: { email: "ada@example.org" } }, {}]);
  const refused = await ask("?fields=author(email)");
  expect(refused).toMatchObject({ status: 403, sql: "" });
});

test("what is unknown or malformed is 400 with what is allowed, and no statement", async () => {
  const unknown = await ask("?fields=id,password%22%3B--");
  expect(unknown).toMatchObject({ status: 400, sql: "" });
  expect(unknown.json).toEqual({
    title: "Unknown fields",
    status: 400,
    detail: 'Unknown field "password\\";--". Allowed are: id, title, body, author.name',
    code: "UPSHIFT_FIELDS_UNKNOWN",
    allowed: ["id", "title", "body", "author.name"],
  });
  expect(unknown.headers["content-type"]).toBe("application/problem+json");
  for (const query of [
    "?fields=",
    "?fields=id,,title",
    "?fields=author(",
    `?fields=${"author(".repeat(1_000)}`,
  ]) {
    expect(await ask(query)).toMatchObject({ status: 400, sql: "" });
  }
});

test("the same selection picks from plain objects what the statement reads", async () => {
  const { rows } = await pool.query(
    "SELECT a.*, json_build_object('name', p.name, 'email', p.email) AS author FROM articles a JOIN people p ON p.id = a.author_id ORDER BY a.id",
  );
  for (const query of ["?fields=id", "?fields=author", "?fields=title,author(name)", ""]) {
    const picked = pick(rows, articleFields.parse(query, { isEditor: false }));
    expect(picked).toEqual((await ask(query)).json);
  }
});
