import { InvalidArgumentError } from "@upshift/foundation";
import type {
  PooledConnection,
  PoolLike,
  Queryable,
  QueryResult,
} from "../connection/queryable.ts";
import { type TransactionOf, withCatalogOf } from "./transaction-of.ts";
import { isConnectionLoss } from "./is-connection-loss.ts";
import { sqlFromNumbered } from "../sql/sql-from-numbered.ts";
import type { Sql } from "../sql/sql.ts";

/** What `fromKysely` uses of a `Kysely` or `Transaction`; no import of the library is needed. */
export interface KyselyLike extends KyselyCompiler {
  readonly isTransaction: boolean;
  /** Plugins would rename the columns that this package asks for. */
  withoutPlugins(): KyselyLike;
  // oxlint-disable-next-line typescript/no-explicit-any -- a method generic over a query type that is Kysely's own
  executeQuery(query: any): Promise<KyselyResult>;
  connection(): { execute<T>(body: (db: KyselyLike) => Promise<T>): Promise<T> };
}

export interface KyselyResult {
  readonly rows: unknown[];
  readonly numAffectedRows?: bigint | undefined;
}

/** What compiles an expression that is no whole query. */
export interface KyselyCompiler {
  // oxlint-disable-next-line typescript/no-explicit-any -- the tree of operation nodes is Kysely's own
  getExecutor(): { compileQuery(node: any, queryId: any): KyselyCompiled };
}

/** A query builder, or ``sql`…` `` of Kysely. */
export interface KyselyQuery {
  compile(executorProvider?: unknown): KyselyCompiled;
}

/** A piece that only a database compiles: `eb("id", "=", 1)`. */
export interface KyselyExpression {
  toOperationNode(): unknown;
}

export interface KyselyCompiled {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/**
 * Makes a Kysely database or transaction fit for every function of this package, on the PostgreSQL dialect.
 *
 * A database becomes a pool; a transaction stays the caller's, and a part that fails is undone alone by a savepoint. Plugins do not apply.
 */
export function fromKysely(
  db: KyselyLike & { readonly isTransaction: true },
  options?: TransactionOf,
): Queryable;
export function fromKysely(db: KyselyLike): PoolLike;
export function fromKysely(db: KyselyLike, { of }: TransactionOf = {}): Queryable | PoolLike {
  if (typeof db?.executeQuery !== "function" || typeof db.withoutPlugins !== "function") {
    throw new InvalidArgumentError("a database or transaction of Kysely", typeof db);
  }
  const plain = db.withoutPlugins();
  const query = queryOf(plain);
  if (!db.isTransaction) return { query, connect: () => hold(plain) };
  return withCatalogOf(of, { query });
}

/**
 * A query, expression or ``sql`…` `` of Kysely as a piece of SQL: for `from` in brackets, or for `where`. Its values stay bound parameters.
 *
 * @param db - needed for an expression and for Kysely's own `sql`, which only a database compiles
 */
export function sqlFromKysely(query: KyselyQuery | KyselyExpression, db?: KyselyCompiler): Sql {
  const { sql, parameters } = compile(query, db);
  return sqlFromNumbered(sql, parameters);
}

function compile(
  query: KyselyQuery | KyselyExpression,
  db: KyselyCompiler | undefined,
): KyselyCompiled {
  if ("compile" in query && typeof query.compile === "function") return query.compile(db);
  if (db === undefined || !("toOperationNode" in query)) {
    throw new InvalidArgumentError("a query of Kysely, or an expression and `db`", typeof query);
  }
  const alone = rawNode(["", ""], [query.toOperationNode()]);
  return db.getExecutor().compileQuery(alone, queryId());
}

/** As `CompiledQuery.raw` of Kysely makes it. */
function rawQuery(text: string, values: readonly unknown[]): object {
  return { sql: text, query: rawNode([text], []), parameters: values, queryId: queryId() };
}

function rawNode(sqlFragments: readonly string[], parameters: readonly unknown[]): object {
  return { kind: "RawNode", sqlFragments, parameters };
}

/** Kysely tells queries apart by the object, and shows the text where it logs. */
function queryId(): object {
  return { queryId: "upshift" };
}

function queryOf(db: KyselyLike): (text: string, values?: unknown[]) => Promise<QueryResult> {
  return async (text, values = []) => {
    const { rows, numAffectedRows } = await db.executeQuery(rawQuery(text, values));
    return {
      rows: rows.filter(isRow),
      rowCount: numAffectedRows === undefined ? rows.length : Number(numAffectedRows),
    };
  };
}

/** Kysely lends a connection to a callback: one that ends when the connection is released makes it a loan that is held. */
function hold(db: KyselyLike): Promise<PooledConnection> {
  return new Promise((resolve, reject) => {
    db.connection()
      .execute(async (own) => {
        const { rows } = await queryOf(own)("SELECT pg_catalog.pg_backend_pid() AS pid");
        await new Promise<void>((letGo) => {
          resolve(heldConnection({ own, pool: db, backend: rows[0]?.["pid"], letGo }));
        });
      })
      .catch(reject);
  });
}

interface Loan {
  readonly own: KyselyLike;
  readonly pool: KyselyLike;
  readonly backend: unknown;
  readonly letGo: () => void;
}

/** A connection that runs PostgreSQL in this process has one backend, which cannot cancel itself. */
const CANCEL = "SELECT pg_catalog.pg_cancel_backend($1) WHERE pg_catalog.pg_backend_pid() <> $1";
const ROLLBACK_ATTEMPTS = 3;

function heldConnection({ own, pool, backend, letGo }: Loan): PooledConnection {
  const send = queryOf(own);
  let running: Promise<unknown> | undefined;
  let cancelling: Promise<unknown> | undefined;
  let isLost = false;
  const leave = async (): Promise<void> => {
    await running;
    await cancelling;
    // Kysely hands the connection to the pool whatever happened, so it has to be clean, or known to be dead. A cancel that came late may hit the first ROLLBACK.
    for (let attempt = 0; attempt < ROLLBACK_ATTEMPTS; attempt++) {
      const isClean = await send("ROLLBACK").then(
        () => true,
        () => false,
      );
      if (isClean) break;
    }
    letGo();
  };
  return {
    query(text: string, values?: unknown[]) {
      const result = send(text, values);
      const settled = result.then(
        () => undefined,
        (error: unknown) => {
          isLost ||= isConnectionLoss(error);
        },
      );
      running = settled;
      void settled.finally(() => {
        if (running === settled) running = undefined;
      });
      return result;
    },
    async cancelRunning() {
      const target = running;
      // It may take until a connection is free; by then the statement may have ended and ours be somebody else's.
      await pool.connection().execute(async (other) => {
        if (target === undefined || running !== target) return;
        cancelling = queryOf(other)(CANCEL, [backend]).catch(() => undefined);
        await cancelling;
      });
    },
    release(error) {
      const isBroken = error !== undefined && error !== false;
      if (isBroken || isLost || running !== undefined) void leave();
      else letGo();
    },
  };
}

function isRow(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
