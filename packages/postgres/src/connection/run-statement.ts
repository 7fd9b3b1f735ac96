import { createHash } from "node:crypto";
import { type QueryResult, type Queryable, type Row, takesQueryConfig } from "./queryable.ts";

/** One statement with its values, `$1` the first of them. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Prepares it on the connection under a name made from its text, where driver and pooler allow. For texts that come again. */
  readonly isPrepared?: boolean;
}

/**
 * Runs one statement as this driver wants it. With a pool, on whichever connection is free.
 *
 * @throws what the driver throws
 */
export async function runStatement<R = Row>(
  db: Queryable,
  statement: Statement,
): Promise<QueryResult<R>> {
  const values = [...statement.values];
  const canName = statement.isPrepared === true && db.preparedStatements !== false;
  if (!canName || !takesQueryConfig(db)) return db.query(statement.text, values);
  return db.query({ text: statement.text, values, name: statementName(statement.text) });
}

/** Rows that a write touched. */
export function touchedRowCount(result: QueryResult<unknown>): number {
  return result.rowCount ?? result.affectedRows ?? 0;
}

/** Below the 63 bytes of a PostgreSQL name; two texts never share one, which pg would refuse. */
function statementName(text: string): string {
  return `upshift_${createHash("sha256").update(text).digest("base64url").slice(0, 32)}`;
}
