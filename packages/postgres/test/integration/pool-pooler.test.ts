import {
  bringPgBouncer,
  componentSkips,
  type PgBouncerServer,
  type PostgresServer,
  startPgBouncer,
  startPostgres,
} from "@upshift/services";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inTransaction } from "../../src/connection/in-transaction.ts";
import { runStatement } from "../../src/connection/run-statement.ts";
import { withConnection } from "../../src/connection/with-connection.ts";
import { transaction } from "../../src/pool/transaction.ts";
import { poolOpener } from "../pool-under-test.ts";
import { until } from "../until.ts";

const skips = await componentSkips("pools behind PgBouncer", () => bringPgBouncer());

const SETTINGS = `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
  current_setting('idle_in_transaction_session_timeout') AS idle`;
const UNTOUCHED = { statement: "0", lock: "0", idle: "0" };

describe.skipIf(skips.isMissing)("behind PgBouncer", () => {
  let server: PostgresServer;
  let bouncer: PgBouncerServer;
  beforeAll(async () => {
    server = await startPostgres();
    bouncer = await startPgBouncer({ server, settings: { default_pool_size: "2" } });
  });
  afterAll(async () => {
    await bouncer.stop();
    await server.stop();
  });
  const open = poolOpener(() => bouncer.url());

  test("a session that others share is left as it was", async () => {
    const db = open({ statementTimeout: "7s" });
    const rows = await Promise.all([1, 2, 3, 4, 5].map(() => db.query(SETTINGS)));
    for (const row of rows) expect(row.rows).toEqual([UNTOUCHED]);
    const other = open({ pooler: "transaction", statementTimeout: "9s" });
    expect((await other.query(SETTINGS)).rows).toEqual([UNTOUCHED]);
  });

  test("every transaction has the timeouts, also one that a part of this package opens", async () => {
    const db = open({ statementTimeout: "7s", lockTimeout: 0 });
    const expected = { statement: "7s", lock: "0", idle: "30s" };
    const rows = await transaction(db, async (tx) => (await tx.query(SETTINGS)).rows, {
      isolation: "serializable",
      readOnly: true,
    });
    expect(rows).toEqual([expected]);
    const parts = await inTransaction(db, (tx) => tx.run({ text: SETTINGS, values: [] }));
    expect(parts.rows).toEqual([expected]);
    expect((await db.query(SETTINGS)).rows).toEqual([UNTOUCHED]);
  });

  test("a single statement is cancelled by us when it takes too long", async () => {
    const db = open({ statementTimeout: 200 });
    await db.query("SELECT 1");
    await expect(db.query("SELECT pg_sleep(600) /* pooled */")).rejects.toMatchObject({
      code: "UPSHIFT_STATEMENT_TIMEOUT",
      details: { timeoutMs: 200 },
    });
    const direct = poolOpener(() => server.url())();
    await until(async () => {
      const { rows } = await direct.query(
        "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'",
      );
      return rows.length === 0;
    });
    await until(() => db.gauges().busyCount === 0);
    // PgBouncer 1.18 dies of a cancel request whose sender does not wait.
    expect(await bouncer.readLog()).toContain("successfully sent cancel request");
    expect((await db.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });

  test("named statements are given up where the pooler loses them, also those with a name of the caller", async () => {
    const db = open();
    expect(db.preparedStatements).toBe(true);
    const ask = (n: number) =>
      db.query<{ n: number }>({ name: "mine", text: "SELECT $1::int AS n", values: [n] });
    // On whichever of the two server connections: with names these fail with 26000 or 42P05.
    for (let round = 0; round < 10; round += 1) {
      const asked = await Promise.all([1, 2, 3, 4].map(ask));
      expect(asked.map(({ rows }) => rows[0]?.n)).toEqual([1, 2, 3, 4]);
    }
    expect(db.preparedStatements).toBe(false);
    const statement = { text: "SELECT $1::int AS n", values: [5], isPrepared: true };
    await Promise.all([1, 2, 3, 4].map(() => runStatement(db, statement)));
    await Promise.all([1, 2, 3, 4].map(() => withConnection(db, (one) => one.run(statement))));
    const { rows } = await db.query("SELECT name FROM pg_prepared_statements WHERE name <> ''");
    expect(rows).toEqual([]);
  });

  test("names stay where they are said to be safe", async () => {
    const db = open({ preparedStatements: true, max: 1 });
    await db.query({ name: "kept", text: "SELECT 1" });
    expect(db.preparedStatements).toBe(true);
  });

  test("as its only client sets its session when it is said to be ours", async () => {
    const own = await startPgBouncer({ server, poolMode: "session" });
    try {
      const db = open({ primary: own.url(), pooler: "none", statementTimeout: "7s" });
      expect((await db.query(SETTINGS)).rows).toMatchObject([{ statement: "7s" }]);
      await db.close();
    } finally {
      await own.stop();
    }
  });
});
