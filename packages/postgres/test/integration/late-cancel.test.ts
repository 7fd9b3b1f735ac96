import { PassThrough } from "node:stream";
import {
  createTestDatabase,
  startTcpProxy,
  type TcpProxy,
  type TestDatabase,
} from "@upshift/services";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { exportRows, sql, streamRows } from "../../src/index.ts";

/** A request to cancel travels on a connection of its own: here one that is slower than the rest of the statement. */
const LATE_MS = 400;

let database: TestDatabase;
let slowWay: TcpProxy;
beforeAll(async () => {
  database = await createTestDatabase();
  slowWay = await startTcpProxy({
    port: Number(new URL(database.url).port),
    delayMs: LATE_MS,
  });
});
afterAll(async () => {
  await slowWay.stop();
  await database.drop();
});

/** Two batches at least, each of which takes a while. */
const slowRows = sql`SELECT n, pg_sleep(0.1)::text AS slept FROM generate_series(1, 100) AS n`;

function cancelTheSlowWay(client: object): void {
  Object.assign(client, { port: slowWay.port });
}

test.each(["copy", "cursor"] as const)(
  "an export by %s that is aborted does not cancel the next statement of its caller's connection",
  async (mode) => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    cancelTheSlowWay(client);
    await client.query("BEGIN");
    const abort = new AbortController();
    // Its last row is on its way when the request to cancel is.
    const query = sql`SELECT n, pg_sleep(0.2)::text AS slept FROM generate_series(1, 2) AS n`;
    const result = exportRows(client, query, new PassThrough(), {
      format: "ndjson",
      mode,
      signal: abort.signal,
    });
    setTimeout(() => abort.abort(new Error("enough")), 250);
    await expect(result).rejects.toThrow("enough");
    await expect(client.query("SELECT pg_sleep(1)")).resolves.toMatchObject({ rowCount: 1 });
    await client.query("ROLLBACK");
    await client.end();
  },
);

test("rows that nobody wants any more do not cancel a statement of who gets the connection next", async () => {
  const pool = new Pool({ connectionString: database.url, max: 1 });
  pool.on("connect", cancelTheSlowWay);
  const rows = streamRows(pool, slowRows, { batchSize: 2 });
  await rows.next();
  await rows.return();
  await expect(pool.query("SELECT pg_sleep(1)")).resolves.toMatchObject({ rowCount: 1 });
  await pool.end();
});

test("a request that takes longer than any other is waited for all the same on a caller's connection, which cannot be closed", async () => {
  const slowerWay = await startTcpProxy({
    port: Number(new URL(database.url).port),
    delayMs: 2_500,
  });
  onTestFinished(() => slowerWay.stop());
  const client = new Client({ connectionString: database.url });
  await client.connect();
  Object.assign(client, { port: slowerWay.port });
  await client.query("BEGIN");
  const rows = streamRows(client, slowRows, { batchSize: 2 });
  await rows.next();
  await rows.return();
  await expect(client.query("SELECT pg_sleep(1)")).resolves.toMatchObject({ rowCount: 1 });
  await client.end();
});
