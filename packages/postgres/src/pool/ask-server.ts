import { sqlState } from "../connection/sql-state.ts";
import type { Verdict } from "./hang-watch.ts";
import type { PgDriver, ServerConfig } from "./pg-driver.ts";

export interface AskServerOptions {
  readonly driver: PgDriver;
  readonly config: ServerConfig;
  /** Of the backends in question; `undefined` behind a pooler, whose clients have ids of its own. */
  readonly processIds: readonly number[] | undefined;
  readonly timeoutMs: number;
}

/** Asks over a new connection, outside of the pool, which of these backends work on a statement. Never rejects. */
export async function askServer(options: AskServerOptions): Promise<Verdict> {
  const { driver, config, processIds, timeoutMs } = options;
  const client = new driver.Client({
    ...config,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
  });
  client.on("error", ignore);
  try {
    await client.connect();
    // Behind a pooler a statement may wait in line for a server connection; that the pooler let us in is what can be known.
    if (processIds === undefined) return "answers";
    const { rows } = await client.query(
      "SELECT pid FROM pg_catalog.pg_stat_activity WHERE pid = ANY($1::int[]) AND state IN ('active', 'fastpath function call')",
      [[...processIds]],
    );
    return new Set(rows.map(({ pid }: { readonly pid: number }) => pid));
  } catch (error) {
    // A server that refuses, because it has no connection left say, is alive.
    return sqlState(error) === undefined ? "unreachable" : "answers";
  } finally {
    // The goodbye may not get through either.
    void client.end().catch(ignore);
  }
}

function ignore(): void {}
