import { randomBytes } from "node:crypto";
import type { Connection } from "../connection/connection.ts";
import type { Row } from "../connection/queryable.ts";
import type { CompiledSql } from "../sql/sql.ts";

/** An open cursor of the server; it ends with its transaction. */
export interface Cursor<R> {
  /** The next rows; fewer than asked for when there are no more. */
  fetch(rowCount: number): Promise<R[]>;
}

/**
 * Declares a cursor in the transaction of this connection. Declared in SQL and not in the protocol, so every driver has it.
 *
 * @param isShared - whether the caller may have cursors of ours open on the same connection already
 */
export async function openCursor<R = Row>(
  connection: Connection,
  query: CompiledSql,
  isShared: boolean,
): Promise<Cursor<R>> {
  // One name wherever possible: pg_stat_statements keeps every text apart.
  const name = isShared ? `upshift_${randomBytes(8).toString("hex")}` : "upshift_rows";
  await connection.run({
    text: `DECLARE ${name} NO SCROLL CURSOR FOR ${query.text}`,
    values: query.values,
  });
  return {
    async fetch(rowCount) {
      const { rows } = await connection.run<R>({
        text: `FETCH ${rowCount} FROM ${name}`,
        values: [],
      });
      return rows;
    },
  };
}
