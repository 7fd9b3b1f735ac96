import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { type DatabaseSnapshot } from "../../../src/snapshot/database-snapshot.ts";
import { takeSnapshot } from "../../../src/snapshot/take-snapshot.ts";

/** A database on a real server that a test may change as it likes, with one connection to it. */
export interface ThrowawayDatabase {
  readonly client: Client;
  snapshot(): Promise<DatabaseSnapshot>;
  drop(): Promise<void>;
}

export interface ThrowawayDatabaseOptions {
  /** Of CREATE DATABASE: `LOCALE_PROVIDER icu ICU_LOCALE 'en-US'`. */
  readonly locale?: string;
  /** `work_mem = '2MB'`, set for the database before the connection is made. */
  readonly settings?: readonly string[];
}

export async function createThrowawayDatabase(
  serverUrl: string,
  options: ThrowawayDatabaseOptions = {},
): Promise<ThrowawayDatabase> {
  const name = `twin_${randomBytes(6).toString("hex")}`;
  await execute(serverUrl, `CREATE DATABASE ${name} ${options.locale ?? ""} TEMPLATE template0`);
  for (const setting of options.settings ?? []) {
    await execute(serverUrl, `ALTER DATABASE ${name} SET ${setting}`);
  }
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const client = new Client({ connectionString: url.href });
  await client.connect();
  return {
    client,
    snapshot: () => takeSnapshot(client, { values: "real", workloadSql: "SELECT 1" }),
    async drop() {
      await client.end();
      await execute(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
