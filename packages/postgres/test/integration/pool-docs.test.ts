import { createTestDatabase } from "@upshift/services";
import { onTestFinished, expect, test } from "vitest";
import { createPool, transaction } from "../../src/index.ts";
import { pageExample, regionOf } from "../page-example.ts";

test("the first example of the page runs as it stands", async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  await database.query(`
    CREATE TABLE items AS SELECT 7 AS id, 'seven' AS title;
    CREATE TABLE accounts AS SELECT id, 100 AS balance FROM generate_series(1, 2) id`);
  const process = { env: { DATABASE_URL: database.url } };

  // example: first
  const db = createPool({ primary: process.env.DATABASE_URL });

  const { rows } = await db.query("SELECT id, title FROM items WHERE id = $1", [7]);

  await transaction(
    db,
    async (tx) => {
      await tx.query("UPDATE accounts SET balance = balance - $1 WHERE id = $2", [10, 1]);
      await tx.query("UPDATE accounts SET balance = balance + $1 WHERE id = $2", [10, 2]);
    },
    { isolation: "serializable" },
  );

  await db.close();
  // end

  expect(rows).toEqual([{ id: 7, title: "seven" }]);
  expect(await database.query("SELECT balance FROM accounts ORDER BY id")).toEqual([
    { balance: 90 },
    { balance: 110 },
  ]);
  expect(await pageExample("connection-pool.md")).toBe(
    await regionOf(import.meta.filename, "first"),
  );
});
