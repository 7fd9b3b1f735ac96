import { readFile } from "node:fs/promises";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as postgres from "../../src/index.ts";

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(`
    CREATE TABLE users (id int PRIMARY KEY, name text, email text);
    CREATE TABLE posts (id int PRIMARY KEY, title text, author_id int REFERENCES users);
    CREATE TABLE comments (id int PRIMARY KEY, post_id int REFERENCES posts, created_at timestamptz);
    INSERT INTO users VALUES (1, 'Ada', 'a'), (2, 'Grace', 'g');
    INSERT INTO posts VALUES (1, 'Notes', 1), (2, 'Compilers', 2), (3, 'Lost', NULL);
    INSERT INTO comments SELECT g, 1, '2026-01-01Z'::timestamptz + g * interval '1 hour' FROM generate_series(1, 5) g;
  `);
  pool = new Pool({ connectionString: database.url, max: 2 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

test("the first example of the page does what it says", async () => {
  const page = await readFile(
    new URL("../../../../docs/patterns/loaders.md", import.meta.url),
    "utf8",
  );
  const example = /```ts\n(?<code>.*?)```/s.exec(page)?.groups?.["code"] ?? "";
  const [, names = "", code = ""] =
    /^import \{(.*?)\} from "@upshift\/postgres";\n(.*)$/s.exec(example) ?? [];
  const imported = names.split(",").map((name) => name.trim());
  const given = imported.map((name) => Reflect.get(postgres, name) as unknown);
  // oxlint-disable-next-line typescript/no-implied-eval
  const run = new Function(
    ...imported,
    "pool",
    `return (async () => { ${code}\nreturn { posts, ada, grace, results, stats: db.stats() }; })()`,
  );
  const { posts, ada, grace, results, stats } = await run(...given, pool);
  expect(posts).toMatchObject([
    { id: 1, author: { id: 1, name: "Ada" }, comments: [{ id: 5 }, { id: 4 }, { id: 3 }] },
    { id: 2, author: { id: 2, name: "Grace" }, comments: [] },
    { id: 3, author: null, comments: [] },
  ]);
  expect([ada.name, grace.name]).toEqual(["Ada", "Grace"]);
  expect(results.map(({ rows }: { rows: { name: string }[] }) => rows[0]?.name)).toEqual([
    "Ada",
    "Grace",
    undefined,
  ]);
  expect(stats).toMatchObject({ queries: 3, batches: 1, coalesced: 3 });
});
