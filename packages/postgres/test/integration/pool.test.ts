import { inspect } from "node:util";
import { createTestDatabase, startPostgres, startTcpProxy, type TestDatabase } from "@upshift/services";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, expectTypeOf, onTestFinished, test } from "vitest";
import { createPool } from "../../src/pool/create-pool.ts";
import type { PoolOptions } from "../../src/pool/pool-options.ts";
import { until } from "../until.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.query("CREATE TABLE written (n int PRIMARY KEY)");
});
afterAll(() => database.drop());

function open(options: Omit<PoolOptions, "driver"> = {}) {
  const failures: Error[] = [];
  const db = createPool({
    primary: database.url,
    driver: pg,
    onError: (error) => failures.push(error),
    ...options,
  });
  onTestFinished(() => db.close({ timeout: 0 }));
  return Object.assign(db, { failures });
}

type Db = ReturnType<typeof open>;

async function kill(processId: unknown): Promise<void> {
  await database.query("SELECT pg_terminate_backend($1)", [processId]);
  await until(async () => {
    const rows = await database.query("SELECT 1 FROM pg_stat_activity WHERE pid = $1", [processId]);
    return rows.length === 0;
  });
}

async function ownPid(db: Pick<Db, "query">): Promise<number> {
  return (await db.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")).rows[0]?.pid ?? 0;
}

const settingsOf = async (db: Pick<Db, "query">): Promise<unknown> =>
  (
    await db.query(
      `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
         current_setting('idle_in_transaction_session_timeout') AS idle`,
    )
  ).rows[0];

describe("a pool", () => {
  test("sets every timeout on each session without startup parameters", async () => {
    const db = open({ statementTimeout: "7s", lockTimeout: 0 });
    expect(await settingsOf(db)).toEqual({ statement: "7s", lock: "0", idle: "30s" });
    expect(await settingsOf(db.primary)).toEqual({ statement: "7s", lock: "0", idle: "30s" });
  });
});
