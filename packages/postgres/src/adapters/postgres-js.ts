import { InvalidArgumentError } from "@upshift/foundation";
import { type TransactionOf, withCatalogOf } from "./transaction-of.ts";
import { isConnectionLoss } from "./is-connection-loss.ts";
import type {
  PooledConnection,
  PoolLike,
  Queryable,
  QueryResult,
  TransactionRunner,
} from "../connection/queryable.ts";

/** What `fromPostgresJs` uses of a postgres.js client; no import of the library is needed. */
export interface PostgresJs {
  unsafe(text: string, values?: unknown[], options?: PostgresJsOptions): PostgresJsQuery;
}

export interface PostgresJsOptions {
  readonly prepare?: boolean;
  readonly simple?: boolean;
  /** postgres.js tells its internal connection through it, as its own `begin` does. */
  readonly onexecute?: (connection: unknown) => boolean;
}

export interface PostgresJsQuery extends PromiseLike<PostgresJsRows> {
  cancel(): void;
}

export interface PostgresJsRows extends ArrayLike<unknown>, Iterable<unknown> {
  readonly count: number | null;
}

/** The client that `postgres(url)` returns. */
export interface PostgresJsPool extends PostgresJs {
  reserve(): Promise<PostgresJsReserved>;
}

/** A connection of `sql.reserve()`. */
export interface PostgresJsReserved extends PostgresJs {
  release(): void;
}

/** The `sql` that `sql.begin` passes to its callback. */
export interface PostgresJsTransaction extends PostgresJs {
  savepoint<T>(body: (sql: PostgresJsTransaction) => T | Promise<T>): Promise<unknown>;
}

/**
 * Makes a postgres.js client fit for every function of this package.
 *
 * The client `postgres(url)` becomes a pool; the `sql` of `sql.begin` stays inside of its transaction, and a part that fails is undone alone by a savepoint; a reserved
 * connection stays one connection. Rows have the types that postgres.js gives.
 *
 * @throws {InvalidArgumentError} when the client has a `transform`: it would rename columns that this package asks for
 */
export function fromPostgresJs(sql: PostgresJsPool): PoolLike;
export function fromPostgresJs(
  sql: PostgresJsTransaction,
  options?: TransactionOf,
): TransactionRunner;
export function fromPostgresJs(sql: PostgresJs, options?: TransactionOf): Queryable;
export function fromPostgresJs(
  sql: PostgresJs,
  { of }: TransactionOf = {},
): Queryable | PoolLike | TransactionRunner {
  if (typeof sql?.unsafe !== "function") {
    throw new InvalidArgumentError("a client of postgres.js", typeof sql);
  }
  const { preparedStatements } = readOptions(sql);
  const base = { takesQueryConfig: true, preparedStatements };
  const query = queryWith((text, values, prepare) => sql.unsafe(text, values, optionsOf(prepare)));
  if (isPool(sql)) {
    return { ...base, query, connect: () => reserve(sql, preparedStatements) };
  }
  if (isTransaction(sql)) {
    const db: TransactionRunner = {
      ...base,
      query,
      transaction: (body) => savepoint(sql, (inner) => body(fromPostgresJs(inner, { of: db }))),
    };
    return withCatalogOf(of, db);
  }
  return withCatalogOf(of, { ...base, query });
}

/** Without values postgres.js would send it by the simple protocol, which prepares nothing. */
function optionsOf(prepare: boolean): PostgresJsOptions {
  return prepare ? { prepare, simple: false } : { prepare };
}

type Start = (text: string, values: unknown[], prepare: boolean) => PromiseLike<PostgresJsRows>;

interface QueryConfig {
  readonly text: string;
  readonly values: unknown[];
  readonly name?: string;
}

/** `query` as pg has it: with text and values, or with a configuration whose name asks for a prepared statement. */
function queryWith(
  start: Start,
): (statement: string | QueryConfig, values?: unknown[]) => Promise<QueryResult> {
  return async (statement, values = []) => {
    const rows =
      typeof statement === "string"
        ? await start(statement, values, false)
        : await start(statement.text, statement.values, statement.name !== undefined);
    return { rows: [...rows].filter(isRow), rowCount: rows.count };
  };
}

/** Unlike text of our own, it keeps a failure that was caught from failing the whole transaction in the end. */
async function savepoint<T>(
  sql: PostgresJsTransaction,
  body: (inner: PostgresJsTransaction) => Promise<T>,
): Promise<T> {
  const outcomes: { readonly value: T }[] = [];
  await sql.savepoint(async (inner) => {
    outcomes.push({ value: await body(inner) });
  });
  const [outcome] = outcomes;
  if (outcome === undefined) throw new Error("the savepoint ended before its body");
  return outcome.value;
}

async function reserve(
  sql: PostgresJsPool,
  preparedStatements: boolean,
): Promise<PooledConnection> {
  const reserved = await sql.reserve();
  let closedBy: Error | undefined;
  let running: PostgresJsQuery | undefined;
  let idle: Promise<unknown> = Promise.resolve();
  watchClose(reserved, (error) => {
    closedBy ??= error;
  });
  const start = (text: string, values: unknown[], prepare: boolean): Promise<PostgresJsRows> => {
    // Its socket is gone, and postgres.js writes to it all the same: an error that nobody could catch.
    if (closedBy !== undefined) return Promise.reject(closedBy);
    const query = reserved.unsafe(text, values, optionsOf(prepare));
    running = query;
    const rows = Promise.resolve(query).finally(() => {
      if (running === query) running = undefined;
    });
    idle = rows.catch((error: unknown) => {
      if (isConnectionLoss(error)) closedBy ??= error;
    });
    return rows;
  };
  const leave = async (isBroken: boolean): Promise<void> => {
    await idle;
    // Nothing else closes one connection of postgres.js; it opens another when it needs one.
    if (isBroken) await start(CLOSE_OWN, [], false).catch(() => undefined);
    // What was closed goes back by itself; released once more it would be handed out without a socket.
    else if (closedBy === undefined) reserved.release();
  };
  return {
    takesQueryConfig: true,
    preparedStatements,
    query: queryWith(start),
    async cancelRunning() {
      running?.cancel();
    },
    release(error) {
      const isBroken = error !== undefined && error !== false;
      if (isBroken || running !== undefined) void leave(isBroken);
      else if (closedBy === undefined) reserved.release();
    },
  };
}

const CLOSE_OWN = "SELECT pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid())";

/** Sent ahead of the first statement, without waiting for it: it tells which connection this is. */
function watchClose(reserved: PostgresJs, onClose: (error: Error) => void): void {
  const probe = reserved.unsafe("SELECT 1", [], {
    onexecute(connection) {
      if (isInternalConnection(connection)) Object.assign(connection, { onclose: onClose });
      return true;
    },
  });
  probe.then(undefined, onClose);
}

function isInternalConnection(value: unknown): value is object {
  return typeof value === "object" && value !== null && "execute" in value;
}

function readOptions(sql: PostgresJs): { readonly preparedStatements: boolean } {
  const options: unknown = "options" in sql ? sql.options : undefined;
  if (!isRow(options)) return { preparedStatements: true };
  const { transform } = options;
  const isTransforming =
    isRow(transform) &&
    ["column", "value", "row"].some((part) => {
      const form = transform[part];
      return (
        isRow(form) && (typeof form["from"] === "function" || typeof form["to"] === "function")
      );
    });
  if (isTransforming) {
    throw new InvalidArgumentError(
      "a client of postgres.js without `transform`: make a second one for this package",
      "one that renames columns or changes values",
    );
  }
  return { preparedStatements: options["prepare"] !== false };
}

function isPool(sql: PostgresJs): sql is PostgresJsPool {
  return "reserve" in sql && typeof sql.reserve === "function";
}

function isTransaction(sql: PostgresJs): sql is PostgresJsTransaction {
  return "savepoint" in sql && typeof sql.savepoint === "function";
}

function isRow(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
