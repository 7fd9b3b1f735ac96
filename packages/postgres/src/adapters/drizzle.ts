import { InvalidArgumentError } from "@upshift/foundation";
import type { Queryable, QueryResult } from "../connection/queryable.ts";
import { sqlFromNumbered } from "../sql/sql-from-numbered.ts";
import type { Sql } from "../sql/sql.ts";
import { fromPostgresJs, type PostgresJs } from "./postgres-js.ts";

/** What `fromDrizzle` uses of a Drizzle database or transaction on PostgreSQL; no import of the library is needed. */
export interface DrizzleLike {
  readonly _: { readonly session: DrizzleSession };
}

export interface DrizzleSession {
  prepareQuery(
    query: DrizzleCompiled,
    fields: undefined,
    name: undefined,
    isResponseInArrayMode: boolean,
  ): { execute(): Promise<unknown> };
}

export interface DrizzleCompiled {
  readonly sql: string;
  readonly params: unknown[];
}

/** A query builder of Drizzle. */
export interface DrizzleQuery {
  toSQL(): { readonly sql: string; readonly params: readonly unknown[] };
}

/** ``sql`…` `` of Drizzle, or a condition such as `eq(users.id, 1)`. */
export interface DrizzleFragment {
  // oxlint-disable-next-line typescript/no-explicit-any -- how names and parameters are written; the type is Drizzle's own
  toQuery(config: any): { readonly sql: string; readonly params: readonly unknown[] };
}

/**
 * Makes a Drizzle database or transaction fit for every function of this package, on PostgreSQL.
 *
 * The driver under Drizzle runs the statements itself (pg, postgres.js, PGlite), on the transaction's own connection, so rows have the
 * driver's types and Drizzle's logger is not told. With any other driver they go through Drizzle's session.
 */
export function fromDrizzle(db: DrizzleLike): Queryable {
  const session = db?._?.session;
  if (typeof session?.prepareQuery !== "function") {
    throw new InvalidArgumentError("a database or transaction of Drizzle on PostgreSQL", typeof db);
  }
  // `$client` is what a database was made from; a transaction has the connection that it runs on in its session.
  const client = property(db, "$client") ?? property(session, "client");
  if (isPostgresJs(client)) return fromPostgresJs(client);
  if (isQueryable(client)) return client;
  return { query: (text, values = []) => throughSession(session, text, values) };
}

/**
 * A query, condition or ``sql`…` `` of Drizzle as a piece of SQL: for `from` in brackets, or for `where`. Its values stay bound parameters.
 *
 * @param db - for a condition, where Drizzle was told a `casing`
 * @throws {InvalidArgumentError} when it has an open `sql.placeholder`
 */
export function sqlFromDrizzle(query: DrizzleQuery | DrizzleFragment, db?: DrizzleLike): Sql {
  const { sql, params } = compile(query, db);
  if (params.some(isPlaceholder)) {
    throw new InvalidArgumentError("a query of Drizzle with all its values", "sql.placeholder(…)");
  }
  return sqlFromNumbered(sql, params);
}

function compile(
  query: DrizzleQuery | DrizzleFragment,
  db: DrizzleLike | undefined,
): { readonly sql: string; readonly params: readonly unknown[] } {
  if ("toSQL" in query && typeof query.toSQL === "function") return query.toSQL();
  if (!("toQuery" in query) || typeof query.toQuery !== "function") {
    throw new InvalidArgumentError("a query or condition of Drizzle", typeof query);
  }
  const dialect = db === undefined ? undefined : property(db, "dialect");
  return isDialect(dialect) ? dialect.sqlToQuery(query) : query.toQuery(PLAIN_POSTGRES);
}

/** As `PgDialect` of Drizzle writes them. */
const PLAIN_POSTGRES = {
  casing: { getColumnCasing: (column: { readonly name: string }) => column.name },
  escapeName: (name: string) => `"${name.replaceAll('"', '""')}"`,
  escapeParam: (index: number) => `$${index + 1}`,
  escapeString: (text: string) => `'${text.replaceAll("'", "''")}'`,
};

async function throughSession(
  session: DrizzleSession,
  text: string,
  values: unknown[],
): Promise<QueryResult> {
  const result = await session
    .prepareQuery({ sql: text, params: values }, undefined, undefined, false)
    .execute();
  // Drivers give an array of rows, or an object that has them.
  const rows: unknown = Array.isArray(result) ? result : property(result, "rows");
  const count =
    property(result, "rowCount") ?? property(result, "affectedRows") ?? property(result, "count");
  return {
    rows: Array.isArray(rows) ? rows : [],
    rowCount: typeof count === "number" ? count : null,
  };
}

function property(value: unknown, name: string | symbol): unknown {
  const canHave = (typeof value === "object" && value !== null) || typeof value === "function";
  return canHave ? Reflect.get(value, name) : undefined;
}

function isPostgresJs(client: unknown): client is PostgresJs {
  return typeof client === "function" && "unsafe" in client && typeof client.unsafe === "function";
}

function isQueryable(client: unknown): client is Queryable {
  return (
    typeof client === "object" &&
    client !== null &&
    "query" in client &&
    typeof client.query === "function"
  );
}

interface DrizzleDialect {
  sqlToQuery(fragment: DrizzleFragment): {
    readonly sql: string;
    readonly params: readonly unknown[];
  };
}

function isDialect(dialect: unknown): dialect is DrizzleDialect {
  return (
    typeof dialect === "object" &&
    dialect !== null &&
    "sqlToQuery" in dialect &&
    typeof dialect.sqlToQuery === "function"
  );
}

function isPlaceholder(value: unknown): boolean {
  const kind = property(property(value, "constructor"), Symbol.for("drizzle:entityKind"));
  return kind === "Placeholder";
}
