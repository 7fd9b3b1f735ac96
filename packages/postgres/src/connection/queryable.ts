/** A row as a driver gives it: column name -> value in the driver's own form. */
export type Row = Record<string, unknown>;

/** What a statement gave. */
export interface QueryResult<R = Row> {
  readonly rows: R[];
  /** Rows that a write touched, as pg counts them. */
  readonly rowCount?: number | null | undefined;
  /** The same, as PGlite counts them. */
  readonly affectedRows?: number | undefined;
}

/**
 * Anything that runs one statement with bound parameters: a pg `Pool`, `Client` or `PoolClient`, PGlite, a pool made by `createPool`,
 * or an adapter of this package (`./postgres-js`, `./kysely`, `./drizzle`, `./prisma`).
 *
 * Only `query` is required. What else a driver offers is used when it is there: `connect` makes it a {@link PoolLike}, `transaction`
 * a {@link TransactionRunner}.
 */
export interface Queryable {
  // A driver's rows have whatever shape the statement gives; who wrote the statement says which.
  // oxlint-disable-next-line typescript/no-explicit-any
  query(text: string, values?: unknown[]): Promise<QueryResult<any>>;
  /** `false` where named prepared statements do not survive, as behind PgBouncer before 1.21 in transaction mode. Default is `true`. */
  readonly preparedStatements?: boolean;
  /** `true` where `query` also takes `{ text, values, name }`, as pg's does; pg itself is known without it. */
  readonly takesQueryConfig?: boolean;
  /** Cancels the statement that runs on this connection, where the driver has a way of its own; pg's connections are known without it. Best effort. */
  cancelRunning?(): Promise<void>;
}

/** A queryable that hands out connections, as pg's `Pool` does. */
export interface PoolLike extends Queryable {
  connect(): Promise<PooledConnection>;
}

/** A connection that is held until it is released. */
export interface PooledConnection extends Queryable {
  /** @param error - anything but `undefined` and `false` closes the connection instead of keeping it */
  release(error?: Error | boolean): void;
}

/** A queryable that runs transactions by a callback, as PGlite and the query builders do. */
export interface TransactionRunner extends Queryable {
  transaction<T>(body: (transaction: Queryable) => Promise<T>): Promise<T>;
}

/** True for what hands out connections. A pg `Client` has a `connect` too, but also the process it is connected to. */
export function isPoolLike(db: Queryable): db is PoolLike {
  return "connect" in db && typeof db.connect === "function" && !("processID" in db);
}

export function isTransactionRunner(db: Queryable): db is TransactionRunner {
  return "transaction" in db && typeof db.transaction === "function";
}

/** pg's own form of `query`, which also takes a statement's name. */
export interface ConfigQueryable {
  query(config: {
    readonly text: string;
    readonly values: unknown[];
    readonly name?: string;
    // oxlint-disable-next-line typescript/no-explicit-any
  }): Promise<QueryResult<any>>;
}

/** True for pg's `Client` and `Pool`, and for what wraps them with the same properties. */
export function takesQueryConfig(db: Queryable): db is Queryable & ConfigQueryable {
  return "processID" in db || "totalCount" in db || db.takesQueryConfig === true;
}
