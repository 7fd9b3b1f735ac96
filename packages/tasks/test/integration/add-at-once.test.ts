import { transaction } from "@upshift/postgres";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defineJobs } from "../../src/queue/define-jobs.ts";
import { job } from "../../src/queue/job.ts";
import { postgresBackend } from "../../src/queue/postgres-backend.ts";

let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new Client({ connectionString: database.url });
  client.on("error", () => {});
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await database?.drop();
});

test("jobs that are added at once in a transaction leave its search path as it was", async () => {
  const backend = postgresBackend({ connectionString: database.url });
  const jobs = defineJobs({ mail: job<number>(), bill: job<number>() }, { backend });
  await client.query("BEGIN");
  const before = await client.query("SHOW search_path");
  await Promise.all(
    [1, 2, 3].flatMap((n) => [jobs.mail, jobs.bill].map((q) => q.add(n, { tx: client }))),
  );
  expect((await client.query("SHOW search_path")).rows).toEqual(before.rows);
  await client.query("COMMIT");
  expect(await jobs.mail.counts()).toMatchObject({ waiting: 3 });
  expect(await jobs.bill.counts()).toMatchObject({ waiting: 3 });
  await jobs.close();
});

test("what a transaction does beside an add keeps its own search path", async () => {
  const backend = postgresBackend({ connectionString: database.url });
  const jobs = defineJobs({ ship: job<number>() }, { backend });
  const pool = new Pool({ connectionString: database.url, max: 1 });
  pool.on("error", () => {});
  await pool.query("CREATE TABLE orders (id int)");
  // Connected, so that the adds begin at once.
  await jobs.ship.counts();
  await transaction(pool, async (tx) => {
    const order = async (): Promise<void> => {
      for (let id = 0; id < 10; id++) await tx.query("INSERT INTO orders VALUES ($1)", [id]);
    };
    await Promise.all([order(), jobs.ship.add(1, { tx }), jobs.ship.add(2, { tx })]);
    expect((await tx.query("SHOW search_path")).rows).toEqual([{ search_path: '"$user", public' }]);
  });
  expect((await pool.query("SELECT count(*)::int AS n FROM orders")).rows).toEqual([{ n: 10 }]);
  expect(await jobs.ship.counts()).toMatchObject({ waiting: 2 });
  await pool.end();
  await jobs.close();
});
