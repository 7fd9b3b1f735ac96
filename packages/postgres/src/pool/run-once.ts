import { InvalidArgumentError, type TimerClock } from "@upshift/foundation";
import { type QueryResult, type Queryable, takesQueryConfig } from "../connection/queryable.ts";
import { unfitForPool } from "../connection/unfit-for-pool.ts";
import { untilReady } from "../connection/until-ready.ts";
import { type Abortable, holdClient } from "../connection/with-connection.ts";
import { startDeadline } from "./deadline.ts";
import type { PgClient } from "./pg-driver.ts";
import { StatementTimeoutError } from "./pool-errors.ts";

/** A statement in pg's own form; `rowMode`, `types` and what else pg knows are handed on. */
export interface QueryConfig {
  readonly text: string;
  readonly values?: unknown[] | undefined;
  readonly name?: string;
  readonly [option: string]: unknown;
}

export interface FullQuery extends QueryConfig {
  readonly values: unknown[];
}

/** `query(text, values)` and `query(config)` are one. */
export function queryConfig(query: string | QueryConfig, values?: unknown[]): FullQuery {
  if (typeof query === "string") return { text: query, values: values ?? [] };
  return { ...query, values: values ?? query.values ?? [] };
}

// Rows have whatever shape the statement gives.
// oxlint-disable-next-line typescript/no-explicit-any
type AnyResult = QueryResult<any>;

/** What hands out connections of pg. */
export interface ClientSource {
  connect(options?: Abortable): Promise<PgClient>;
}

export interface RunLimits extends Abortable {
  readonly clock: TimerClock;
  /** Kept by us, by cancelling the statement; 0 where the server keeps one. */
  readonly limitMs: number;
}

/**
 * Runs one statement on a connection of its own, which is kept also when the statement fails: pg's `pool.query` closes it after every error,
 * a violated constraint too.
 *
 * @throws {StatementTimeoutError}
 */
export async function runOnce(
  source: ClientSource,
  query: FullQuery,
  { signal, clock, limitMs }: RunLimits,
): Promise<AnyResult> {
  if ("submit" in query)
    throw new InvalidArgumentError("a statement: a cursor or stream runs on a `connect()`", query);
  if (signal === undefined && limitMs === 0) return runAlone(await source.connect(), query);
  const deadline = startDeadline({
    signal,
    timeoutMs: limitMs,
    clock,
    reason: () => new StatementTimeoutError(limitMs),
  });
  try {
    return await holdClient(
      source,
      (connection) => connection.track(() => submit(connection.driver, query)),
      deadline.signal,
    );
  } finally {
    deadline.end();
  }
}

async function runAlone(client: PgClient, query: FullQuery): Promise<AnyResult> {
  try {
    const result = await submit(client, query);
    // A text may have left a BEGIN behind.
    client.release(unfitForPool(client));
    return result;
  } catch (error) {
    await untilReady(client);
    client.release(unfitForPool(client));
    throw error;
  }
}

/** Without its name where the connection keeps none. */
export function submit(client: Queryable, query: FullQuery): Promise<AnyResult> {
  if (!takesQueryConfig(client)) return client.query(query.text, query.values);
  if (query.name === undefined || client.preparedStatements !== false) return client.query(query);
  const { name: _, ...unnamed } = query;
  return client.query(unnamed);
}
