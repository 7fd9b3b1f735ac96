import type { TestDatabase } from "@upshift/services";
import type { Pool } from "pg";
import { expect } from "vitest";

/** Waits until what is asked for is so; the test's own time limit ends it. */
export async function until(isReached: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isReached())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Asserts that nothing of the pool is held, the server runs nothing for this database, no transaction is open, and the next query works. */
export async function expectNoLeak(pool: Pool, database: TestDatabase): Promise<void> {
  await until(() => pool.idleCount === pool.totalCount && pool.waitingCount === 0);
  await until(async () => {
    const [row] = await database.query(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state IS DISTINCT FROM 'idle' AND backend_type = 'client backend'",
    );
    return row?.["n"] === 0;
  });
  const { rows } = await pool.query(
    "SELECT 1 AS one, current_setting('transaction_read_only') AS ro",
  );
  expect(rows).toEqual([{ one: 1, ro: "off" }]);
}

/** Waits until a statement of this database is in `pg_sleep`, and gives its process. */
export async function sleepingBackend(database: TestDatabase): Promise<number> {
  let pid: unknown;
  await until(async () => {
    const [row] = await database.query(
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'",
    );
    pid = row?.["pid"];
    return pid !== undefined;
  });
  return Number(pid);
}
