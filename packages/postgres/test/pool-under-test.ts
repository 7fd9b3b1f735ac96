import pg from "pg";
import { onTestFinished } from "vitest";
import { createPool } from "../src/pool/create-pool.ts";
import type { Pool } from "../src/pool/pool.ts";
import type { PoolOptions } from "../src/pool/pool-options.ts";

export interface PoolUnderTest extends Pool<pg.Pool> {
  /** What `onError` was told. */
  readonly failures: Error[];
}

/** Makes pools that are closed when their test ends. */
export function poolOpener(
  url: () => string,
): (options?: Omit<PoolOptions, "driver">) => PoolUnderTest {
  return (options = {}) => {
    const failures: Error[] = [];
    const db = createPool({
      primary: url(),
      driver: pg,
      onError: (error) => void failures.push(error),
      ...options,
    });
    onTestFinished(() => db.close({ timeout: 0 }));
    return Object.assign(db, { failures });
  };
}

export async function ownPid(db: {
  query(text: string): Promise<{ rows: { pid: number }[] }>;
}): Promise<number> {
  return (await db.query("SELECT pg_backend_pid() AS pid")).rows[0]?.pid ?? 0;
}
