import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deleteMany } from "../../src/write/delete-many.ts";
import { insertMany } from "../../src/write/insert-many.ts";
import { updateMany } from "../../src/write/update-many.ts";
import { upsertMany } from "../../src/write/upsert-many.ts";
import { pageExample } from "../page-example.ts";

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 2 });
  await pool.query(`
    CREATE EXTENSION citext;
    CREATE TABLE users (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email citext UNIQUE, name text, tags text[] DEFAULT '{}')
  `);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

test("the first example of the page does what it says", async () => {
  const code = await exampleCode();
  const given = { deleteMany, insertMany, updateMany, upsertMany };
  // oxlint-disable-next-line typescript/no-implied-eval
  const run = new Function(
    ...Object.keys(given),
    "pool",
    `return (async () => { ${code} return rows; })()`,
  );
  expect(await run(...Object.values(given), pool)).toEqual([{ id: 1 }, { id: 2 }]);
  expect((await pool.query("SELECT id, email, name, tags FROM users")).rows).toEqual([
    { id: 2, email: "grace@example.com", name: "Grace", tags: ["navy"] },
  ]);
});

/** Without white space around its words, as `pageExample` gives it, the code is still code but for `const` and `await`. */
async function exampleCode(): Promise<string> {
  return (await pageExample("batch-writes.md")).replaceAll(/\b(const|await)(?=[\w{])/g, "$1 ");
}
