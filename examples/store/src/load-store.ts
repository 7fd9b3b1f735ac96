import { readFile } from "node:fs/promises";
import type { Client } from "pg";
import { readSchema } from "./schema-file.ts";
import { type StoreSize, storeSize } from "./store-size.ts";
import { runLanes } from "./run-lanes.ts";

export interface LoadProgress {
  readonly done: number;
  readonly total: number;
  /** What has just been finished, for a person: "orders". */
  readonly label: string;
}

export interface LoadStoreOptions {
  /** Default 1: 400,000 orders. */
  readonly scale?: number;
  /** Connections that work at the same time; default 2. */
  readonly connections?: number;
  readonly onProgress?: (progress: LoadProgress) => void;
  readonly signal?: AbortSignal;
}

/** Largest first, so that the last to finish is a small one. */
const TABLES = [
  "order_items",
  "orders",
  "events",
  "comments",
  "users",
  "posts",
  "products",
  "categories",
] as const;

/**
 * Fills an empty database with the store. The rows depend on `scale` and on nothing else.
 *
 * Tables are filled before keys, indexes and foreign keys exist, several at a time; statistics are gathered last.
 *
 * @throws the reason of `signal`; the half-loaded database is the caller's to drop
 */
export async function loadStore(url: string, options: LoadStoreOptions = {}): Promise<void> {
  const size = storeSize(options.scale);
  const schema = await readSchema();
  const steps = TABLES.length * 2 + schema.keys.length + schema.foreignKeys.length;
  let done = 0;
  const finished = (label: string): void =>
    options.onProgress?.({ done: ++done, total: steps, label });

  await runLanes(url, options.connections ?? 2, options.signal, async (lanes) => {
    await lanes.one(async (client) => {
      for (const statement of schema.types) await client.query(statement);
      await client.query(await sqlFile("seed-functions.sql"));
    });
    await lanes.each(TABLES, async (client, table) => {
      await fill(client, table, size);
      finished(table);
    });
    await lanes.each(schema.keys, async (client, key) => {
      await client.query(key.statement);
      finished(key.label);
    });
    await lanes.each(schema.foreignKeys, async (client, key) => {
      await client.query(key.statement);
      finished(key.label);
    });
    await lanes.one(async (client) => void (await client.query("DROP SCHEMA store_seed CASCADE")));
    await lanes.each(TABLES, async (client, table) => {
      await client.query(`VACUUM (ANALYZE) ${table}`);
      finished(`statistics of ${table}`);
    });
  });
}

/** A table emptied in the transaction that fills it needs no WAL where `wal_level` is `minimal`. */
async function fill(client: Client, table: string, size: StoreSize): Promise<void> {
  const sizes: Readonly<Record<string, number>> = { ...size };
  const insert = (await sqlFile(`${table}.sql`)).replaceAll(/(?<!:):([a-z]+)/g, (_, name: string) =>
    String(sizes[name]),
  );
  await client.query("BEGIN");
  await client.query("SET LOCAL search_path = public, store_seed");
  // Hash joins in one batch keep the order of the generated rows, which is the order in the table.
  await client.query("SET LOCAL work_mem = '64MB'; SET LOCAL enable_mergejoin = off");
  await client.query(`TRUNCATE ${table}`);
  await client.query(insert);
  await client.query("COMMIT");
}

async function sqlFile(name: string): Promise<string> {
  return await readFile(new URL(`../sql/${name}`, import.meta.url), "utf8");
}
