import { once } from "node:events";
import { PassThrough } from "node:stream";
import {
  createTestDatabase,
  startTcpProxy,
  type TcpProxy,
  type TestDatabase,
} from "@upshift/services";
import { Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { exportRows, sql, streamRows } from "../../src/index.ts";
import { expectNoLeak } from "../stream/no-leak.ts";

let database: TestDatabase;
let proxy: TcpProxy;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  const url = new URL(database.url);
  proxy = await startTcpProxy({ port: Number(url.port) });
  url.port = String(proxy.port);
  pool = new Pool({ connectionString: url.href, max: 2 });
});
afterEach(async () => {
  proxy.resume();
  await expectNoLeak(pool, database);
  await pool.end();
  await proxy.stop();
});
afterAll(() => database.drop());

const many = sql`SELECT n, repeat('x', 980) AS x FROM generate_series(1, 100000) AS n`;

test.each(["copy", "cursor"] as const)(
  "an export by %s from a server that has gone silent ends with an abort, its time or its client",
  async (mode) => {
    const ends: Record<string, (abort: AbortController, destination: PassThrough) => void> = {
      enough: (abort) => abort.abort(new Error("enough")),
      "destination of the export was closed": (_, destination) => destination.destroy(),
      "which is this call's `timeout`": () => undefined,
    };
    for (const [message, end] of Object.entries(ends)) {
      const abort = new AbortController();
      const destination = new PassThrough();
      const isTimed = message.includes("timeout");
      const result = exportRows(pool, many, destination, {
        format: "ndjson",
        mode,
        signal: abort.signal,
        ...(isTimed ? { timeout: 1_000 } : {}),
      });
      const goSilent = async () => {
        await once(destination, "data");
        proxy.pause();
        end(abort, destination);
      };
      await Promise.all([expect(result).rejects.toThrow(message), goSilent()]);
      expect(pool.totalCount).toBe(0);
      proxy.resume();
    }
  },
);

test("an iteration over rows of a server that has gone silent can be left", async () => {
  for await (const _ of streamRows(pool, many, { batchSize: 10 })) {
    proxy.pause();
    break;
  }
  expect(pool.totalCount).toBe(0);
});

test("a connection that is cut is an error of the next row", async () => {
  const rows = streamRows(pool, many, { batchSize: 10 });
  await rows.next();
  proxy.cut();
  const rest = async () => {
    for await (const _ of rows) continue;
  };
  await expect(rest()).rejects.toThrow(/ECONNRESET|terminated|not queryable/);
});
