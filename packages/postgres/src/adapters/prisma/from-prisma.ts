import type { QueryResult, Queryable, TransactionRunner } from "../../connection/queryable.ts";
import { readToken } from "../../sql/placeholders.ts";
import { isRoot, type PrismaLike, type PrismaRoot } from "./prisma-client.ts";

/** Prisma ends a transaction after five seconds; what runs here has limits of its own. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Makes a Prisma client on PostgreSQL fit for every function of this package, by its raw queries: through its driver adapter, its connections and its query log.
 *
 * The client of a `$transaction` stays the caller's, and a part that fails is undone alone by a savepoint. An abort ends a call when the statement that runs has
 * ended: Prisma has no way to cancel one.
 */
export function fromPrisma(client: PrismaRoot): TransactionRunner;
export function fromPrisma(client: PrismaLike): Queryable;
export function fromPrisma(client: PrismaLike): Queryable | TransactionRunner {
  const query = (text: string, values: unknown[] = []): Promise<QueryResult> =>
    run(client, text, values);
  if (!isRoot(client)) return { query, preparedStatements: false };
  return {
    query,
    preparedStatements: false,
    transaction: async (body) =>
      client.$transaction((inner) => body(fromPrisma(inner)), { timeout: NO_TIMEOUT_MS }),
  };
}

async function run(client: PrismaLike, text: string, values: unknown[]): Promise<QueryResult> {
  if (isSilentWrite(text)) {
    return { rows: [], rowCount: await client.$executeRawUnsafe(text, ...values) };
  }
  const rows = await client.$queryRawUnsafe(text, ...values);
  return Array.isArray(rows) ? { rows, rowCount: rows.length } : { rows: [] };
}

const WRITES: ReadonlySet<string> = new Set(["insert", "update", "delete", "merge"]);

/** A write that gives no rows: Prisma counts them by another method than the one that gives them. */
function isSilentWrite(text: string): boolean {
  let isWrite: boolean | undefined;
  let position = 0;
  while (position < text.length) {
    const { end } = readToken(text, position);
    const word = text.slice(position, end).toLowerCase();
    position = end;
    if (!/^[a-z]/.test(word)) continue;
    isWrite ??= WRITES.has(word);
    if (!isWrite || word === "returning") return false;
  }
  return isWrite === true;
}
