import { startPostgres, startReplica } from "@upshift/services";
import { Client } from "pg";
import { expect, test } from "vitest";

async function rowsOf(url: string, statement: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** Until the server answers so. */
async function until(url: string, statement: string, expected: unknown): Promise<void> {
  for (;;) {
    const [row] = (await rowsOf(url, statement)) as { value: unknown }[];
    if (row?.value === expected) return;
  }
}

test("a replica has what was there, follows, lags when told to, survives a restart, and can be promoted", async () => {
  const primary = await startPostgres();
  try {
    await rowsOf(primary.url(), "CREATE TABLE t AS SELECT 1 AS n");
    const replica = await startReplica(primary);
    try {
      const count = "SELECT count(*)::int AS value FROM t";
      await until(replica.url(), count, 1);
      await rowsOf(primary.url(), "INSERT INTO t VALUES (2)");
      await until(replica.url(), count, 2);

      await rowsOf(replica.url(), "SELECT pg_wal_replay_pause()");
      await until(replica.url(), "SELECT pg_get_wal_replay_pause_state() AS value", "paused");
      await rowsOf(primary.url(), "INSERT INTO t VALUES (3)");
      expect(await rowsOf(replica.url(), count)).toEqual([{ value: 2 }]);
      await rowsOf(replica.url(), "SELECT pg_wal_replay_resume()");
      await until(replica.url(), count, 3);

      await primary.restart();
      await rowsOf(primary.url(), "INSERT INTO t VALUES (4)");
      await until(replica.url(), count, 4);

      await rowsOf(replica.url(), "SELECT pg_promote()");
      await rowsOf(replica.url(), "INSERT INTO t VALUES (5)");
      expect(await rowsOf(primary.url(), count)).toEqual([{ value: 4 }]);
    } finally {
      await replica.stop();
    }
  } finally {
    await primary.stop();
  }
});
