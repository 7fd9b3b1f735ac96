import {
  createTestDatabase,
  startTcpProxy,
  type TcpProxy,
  type TestDatabase,
} from "@upshift/services";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { transaction } from "../../src/index.ts";

/** Half of a round trip: every abort below comes while a statement is on its way. */
const DELAY_MS = 150;

let database: TestDatabase;
let proxy: TcpProxy;
let client: Client;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.query("CREATE TABLE written (n int)");
  proxy = await startTcpProxy({ port: Number(new URL(database.url).port) });
});
beforeEach(async () => {
  const url = new URL(database.url);
  url.port = String(proxy.port);
  client = new Client({ connectionString: url.href });
  await client.connect();
  proxy.setDelay(DELAY_MS);
});
afterEach(async () => {
  proxy.setDelay(0);
  await client.end();
});
afterAll(async () => {
  await proxy.stop();
  await database.drop();
});

const enough = new Error("enough");

/** As the server sees it. */
async function isInTransaction(): Promise<boolean> {
  proxy.setDelay(0);
  const [row] = await database.query(
    `SELECT state FROM pg_stat_activity WHERE pid = ${String(Reflect.get(client, "processID"))}`,
  );
  return row?.["state"] !== "idle";
}

describe("an abort on a connection of the caller", () => {
  test("while its BEGIN is on its way leaves no transaction open", async () => {
    const abort = new AbortController();
    const result = transaction(client, async () => undefined, { signal: abort.signal });
    // SAVEPOINT, which fails, takes one round trip.
    setTimeout(() => abort.abort(enough), 3 * DELAY_MS);
    await expect(result).rejects.toThrow("enough");
    expect(await isInTransaction()).toBe(false);
  });

  test("while the SAVEPOINT of a part is on its way leaves none behind", async () => {
    await client.query("BEGIN");
    const abort = new AbortController();
    const result = transaction(client, async () => undefined, { signal: abort.signal });
    setTimeout(() => abort.abort(enough), DELAY_MS);
    await expect(result).rejects.toThrow("enough");
    await expect(client.query("ROLLBACK TO SAVEPOINT upshift_part_1")).rejects.toThrow(
      "does not exist",
    );
    await client.query("ROLLBACK");
  });

  test("while the RELEASE of a part is on its way does not fail the transaction around it", async () => {
    await client.query("BEGIN");
    const abort = new AbortController();
    const result = transaction(
      client,
      async (part) => {
        await part.query("INSERT INTO written VALUES (1)");
        setTimeout(() => abort.abort(enough), DELAY_MS);
        return "done";
      },
      { signal: abort.signal },
    );
    const [outcome] = await Promise.allSettled([result]);
    const { rows } = await client.query("SELECT count(*)::int AS n FROM written");
    expect(rows).toEqual([{ n: outcome.status === "fulfilled" ? 1 : 0 }]);
    await client.query("ROLLBACK");
  });
});
