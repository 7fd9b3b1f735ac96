import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defineJobs } from "../../src/queue/define-jobs.ts";
import { job } from "../../src/queue/job.ts";
import { postgresBackend } from "../../src/queue/postgres-backend.ts";

let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new Client({ connectionString: database.url });
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
