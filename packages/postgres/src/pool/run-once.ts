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

/** A statement as it was given: as text and values, or with more that pg is to know. */
export interface GivenQuery {
  readonly text: string;
  readonly values: unknown[];
  /** pg copies such an object with care for each call, which plain text and values spare it. */
  readonly config?: QueryConfig & { readonly values: unknown[] };
}

/** `query(text, values)` and `query(config)` are one. */
export function givenQuery(query: string | QueryConfig, values?: unknown[]): GivenQuery {
  if (typeof query === "string") return { text: query, values: values ?? [] };
  const config = { ...query, values: values ?? query.values ?? [] };
  return { text: config.text, values: config.values, config };
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
export function runOnce(
  source: ClientSource,
  query: GivenQuery,
  limits: RunLimits,
): Promise<AnyResult> {
  if (query.config !== undefined && "submit" in query.config) {
    const expected = "a statement: a cursor or stream runs on a `connect()`";
    return Promise.reject(new InvalidArgumentError(expected, query.config));
  }
  if (limits.signal === undefined && limits.limitMs === 0) return runAlone(source, query);
  return runLimited(source, query, limits);
}

async function runLimited(
  source: ClientSource,
  query: GivenQuery,
  { signal, clock, limitMs }: RunLimits,
): Promise<AnyResult> {
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

async function runAlone(source: ClientSource, query: GivenQuery): Promise<AnyResult> {
  let client: PgClient | undefined;
  try {
    // Awaited, so that the statement is sent in the caller's asynchronous context and not in that of whoever released the connection.
    client = await source.connect();
    const result = await send(client, query);
    // A text may have left a BEGIN behind.
    client.release(unfitForPool(client));
    return result;
  } catch (error) {
    if (client !== undefined) {
      await untilReady(client);
      client.release(unfitForPool(client));
    }
    // It was made where the socket is read; who reads it looks for the caller.
    if (error instanceof Error) Error.captureStackTrace(error);
    throw error;
  }
}

/** By callback: pg's own promise costs two more. */
function send(client: PgClient, query: GivenQuery): Promise<AnyResult> {
  const { text, values, config } = query;
  return new Promise((resolve, reject) => {
    const done = (error: unknown, result: AnyResult): void => {
      if (error instanceof Error) reject(error);
      else resolve(result);
    };
    if (config === undefined) client.query(text, values, done);
    else client.query(keptName(client, config), done);
  });
}

/** Runs a statement on a connection that is held. */
export function submit(client: Queryable, query: GivenQuery): Promise<AnyResult> {
  const { text, values, config } = query;
  if (config === undefined || !takesQueryConfig(client)) return client.query(text, values);
  return client.query(keptName(client, config));
}

type Config = NonNullable<GivenQuery["config"]>;

/** Without its name where the connection keeps none. */
function keptName(client: Queryable, config: Config): Config {
  if (config.name === undefined || client.preparedStatements !== false) return config;
  const { name: _, ...unnamed } = config;
  return unnamed;
}
