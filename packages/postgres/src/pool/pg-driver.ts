import { createRequire } from "node:module";
import type { PooledConnection, PoolLike, QueryResult } from "../connection/queryable.ts";
import { MissingDriverError } from "./pool-errors.ts";

/** How to reach a server: what `pg` takes, of which this is the part that `createPool` knows. Everything else is handed on as it is. */
export interface ServerConfig {
  readonly connectionString?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly password?: string | (() => string | Promise<string>) | undefined;
  readonly database?: string | undefined;
  readonly ssl?: unknown;
  readonly [option: string]: unknown;
}

/** A pooled connection of `pg`. */
export interface PgClient extends PooledConnection {
  // oxlint-disable-next-line typescript/no-explicit-any
  query(text: string, values?: unknown[]): Promise<QueryResult<any>>;
  query(
    text: string,
    values: unknown[],
    // oxlint-disable-next-line typescript/no-explicit-any
    callback: (error: Error, result: QueryResult<any>) => void,
  ): void;
  query(
    config: { readonly text: string; readonly values: unknown[]; readonly name?: string },
    // oxlint-disable-next-line typescript/no-explicit-any
    callback: (error: Error, result: QueryResult<any>) => void,
  ): void;
  // What pg calls listeners with differs by event; each listener here says what it takes.
  // oxlint-disable-next-line typescript/no-explicit-any
  on(event: string, listener: (...values: any[]) => void): unknown;
  // oxlint-disable-next-line typescript/no-explicit-any
  removeListener(event: string, listener: (...values: any[]) => void): unknown;
  end(): Promise<void>;
}

/** A connection of its own, outside of any pool. */
interface PgSingleClient {
  readonly host?: string;
  readonly port?: number;
  readonly database?: string | undefined;
  connect(): Promise<unknown>;
  // oxlint-disable-next-line typescript/no-explicit-any
  query(text: string, values?: unknown[]): Promise<QueryResult<any>>;
  // oxlint-disable-next-line typescript/no-explicit-any
  on(event: string, listener: (...values: any[]) => void): unknown;
  end(): Promise<void>;
}

export type ConnectCallback = (
  error: Error | undefined,
  client: PgClient | undefined,
  // oxlint-disable-next-line typescript/no-explicit-any
  done: (release?: any) => void,
) => void;

/** The pool of `pg`, as far as it is called here. */
export interface PgPool extends PoolLike {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly ending: boolean;
  readonly options: object;
  connect(): Promise<PgClient>;
  connect(callback: ConnectCallback): void;
  // oxlint-disable-next-line typescript/no-explicit-any
  on(event: any, listener: (...values: any[]) => void): unknown;
  // oxlint-disable-next-line typescript/no-explicit-any
  removeListener(event: any, listener: (...values: any[]) => void): unknown;
  end(): Promise<void>;
}

/** What `createPool` needs of the module `pg`. */
export interface PgDriver {
  // pg's own types allow fewer options than pg does.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly Pool: new (config?: any) => PgPool;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly Client: new (config?: any) => PgSingleClient;
}

/**
 * The module `pg`: the one that was given, else the one that is installed, an optional peer dependency.
 *
 * @throws {MissingDriverError}
 */
export function pgDriver(given: PgDriver | undefined): PgDriver {
  const driver: unknown = given ?? installed();
  if (!isPgDriver(driver)) throw new MissingDriverError();
  return driver;
}

function installed(): unknown {
  try {
    return createRequire(import.meta.url)("pg");
  } catch (cause) {
    throw new MissingDriverError(cause);
  }
}

function isPgDriver(value: unknown): value is PgDriver {
  return (
    typeof value === "object" &&
    value !== null &&
    "Pool" in value &&
    typeof value.Pool === "function" &&
    "Client" in value &&
    typeof value.Client === "function"
  );
}
