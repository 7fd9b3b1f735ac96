import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { PGlite } from "@electric-sql/pglite";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { inTransaction } from "../../src/connection/in-transaction.ts";
import { withConnection } from "../../src/connection/with-connection.ts";

const MARK = "/* connection.test */";
const SLEEP = { text: `SELECT pg_sleep(600) ${MARK}`, values: [] };

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = new Pool({ connectionString: database.url, max: 2 });
  await pool.query("CREATE TABLE written (n int)");
});
beforeEach(async () => {
  await pool.query("TRUNCATE written");
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const insert = (n: number) => ({ text: "INSERT INTO written VALUES ($1)", values: [n] });
const written = async () =>
  (await pool.query<{ n: number }>("SELECT n FROM written ORDER BY n")).rows.map(({ n }) => n);

/** Resolves when the server runs, or no longer runs, our sleep. */
async function untilSleeping(isSleeping: boolean): Promise<void> {
  for (;;) {
    const [row] = await database.query(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid() AND query LIKE 'SELECT pg_sleep%'",
      [`%${MARK}`],
    );
    if ((row?.["n"] === 0) !== isSleeping) return;
  }
}

describe("a pool", () => {
  test("an aborted statement ends at once, is cancelled on the server, and its connection is closed", async () => {
    const abort = new AbortController();
    const reason = new Error("enough");
    const result = withConnection(pool, (connection) => connection.run(SLEEP), abort);
    await untilSleeping(true);
    abort.abort(reason);
    await expect(result).rejects.toBe(reason);
    await untilSleeping(false);
    expect(pool.totalCount - pool.idleCount).toBe(0);
  });

  test("an abort while the pool is exhausted loses no connection", async () => {
    const held = await Promise.all([pool.connect(), pool.connect()]);
    const abort = new AbortController();
    const waiting = withConnection(pool, async () => undefined, abort);
    abort.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    for (const client of held) client.release();
    await pool.query("SELECT 1");
    expect(pool.idleCount).toBe(pool.totalCount);
  });

  test("a backend killed between two statements is an error of the next one, not of the process", async () => {
    const result = withConnection(pool, async (connection) => {
      const { rows } = await connection.run<{ pid: number }>({
        text: "SELECT pg_backend_pid() AS pid",
        values: [],
      });
      await database.query("SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
      while (connection.brokenBy === undefined) await new Promise(setImmediate);
      await connection.run(insert(1));
    });
    await expect(result).rejects.toThrow(/terminat|not queryable/);
    await pool.query("SELECT 1");
  });

  test("a body that leaves a transaction open loses its connection, not its caller's rows", async () => {
    await withConnection(pool, async (connection) => {
      await connection.run({ text: "BEGIN", values: [] });
      await connection.run(insert(1));
    });
    expect(await written()).toEqual([]);
  });

  test("a transaction takes effect as a whole or not at all", async () => {
    await inTransaction(pool, (connection) => connection.run(insert(1)));
    const failing = inTransaction(pool, async (connection) => {
      await connection.run(insert(2));
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await written()).toEqual([1]);
    expect(pool.idleCount).toBe(pool.totalCount);
  });
});

describe("a connection of the caller", () => {
  test("inside a transaction a failed part is undone alone, and the rest goes on", async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query("BEGIN");
    await client.query("INSERT INTO written VALUES (1)");
    const failing = inTransaction(client, async (connection) => {
      await connection.run(insert(2));
      await connection.run({ text: "SELECT 1 / 0", values: [] });
    });
    await expect(failing).rejects.toMatchObject({ code: "22012" });
    await inTransaction(client, (connection) => connection.run(insert(3)));
    await client.query("COMMIT");
    await client.end();
    expect(await written()).toEqual([1, 3]);
  });

  test("outside of a transaction an abort cancels the statement, rolls back and leaves the connection usable", async () => {
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const abort = new AbortController();
    const result = inTransaction(
      client,
      async (connection) => {
        await connection.run(insert(1));
        await connection.run(SLEEP);
      },
      abort,
    );
    await untilSleeping(true);
    abort.abort(new Error("enough"));
    await expect(result).rejects.toThrow("enough");
    expect((await client.query("SELECT txid_current_if_assigned() AS id")).rows[0].id).toBe(null);
    await client.end();
    expect(await written()).toEqual([]);
  });

  test("PGlite runs a transaction through its own", { timeout: 120_000 }, async () => {
    const lite = await PGlite.create();
    await lite.query("CREATE TABLE written (n int)");
    const failing = inTransaction(lite, async (connection) => {
      await connection.run(insert(1));
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    await inTransaction(lite, (connection) => connection.run(insert(2)));
    expect((await lite.query("SELECT n FROM written")).rows).toEqual([{ n: 2 }]);
    await lite.close();
  });
});
