import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as postgres from "../../src/index.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(`
    CREATE TABLE users (id int PRIMARY KEY, name text);
    CREATE TABLE posts (id int PRIMARY KEY, org_id int, author_id int REFERENCES users, created_at timestamptz NOT NULL);
    INSERT INTO users VALUES (1, 'A'), (2, 'Grace');
    INSERT INTO posts SELECT g, 7, 1 + g % 2, '2026-01-01Z'::timestamptz + g * interval '1 hour' FROM generate_series(1, 50) g;
  `);
});
afterAll(() => database.drop());

test("the example in the README runs and does what it says", async () => {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
  const example = /```ts\n(?<code>.*?)```/s.exec(readme)?.groups?.["code"] ?? "";
  const [, names = "", code = ""] =
    /^import \{(.*?)\} from "@upshift\/postgres";\n(.*)$/s.exec(example) ?? [];
  const imported = names.split(",").map((name) => name.trim());
  const given = imported.map((name) => Reflect.get(postgres, name) as unknown);
  const environment = {
    env: { DATABASE_URL: database.url, CURSOR_SECRET: randomBytes(32).toString("base64") },
  };
  // oxlint-disable-next-line typescript/no-implied-eval
  const run = new Function(
    ...imported,
    "process",
    `return (async () => { ${code}\nreturn { page, withAuthors, rows }; })()`,
  );
  const { page, withAuthors, rows } = await run(...given, environment);
  expect(page.rows.map(({ id }: { id: number }) => id)).toEqual(
    Array.from({ length: 20 }, (_, index) => 50 - index),
  );
  expect(page.hasNextPage).toBe(true);
  expect(withAuthors[0]).toMatchObject({ id: 50, author: { id: 1, name: "A" } });
  expect(rows).toEqual([
    { id: 1, name: "Ada" },
    { id: 3, name: "Lise" },
  ]);
});
