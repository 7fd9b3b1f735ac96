import { Client } from "pg";
import type { DatabaseSnapshot } from "../src/snapshot/database-snapshot.ts";
import { takeSnapshot, type TakeSnapshotOptions } from "../src/snapshot/take-snapshot.ts";

/** Runs `work` on a connection of its own. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Takes a snapshot with real values unless told otherwise. */
export async function snapshotOf(
  url: string,
  options: TakeSnapshotOptions = {},
): Promise<DatabaseSnapshot> {
  return await withClient(url, (client) => takeSnapshot(client, { values: "real", ...options }));
}
