import { randomBytes } from "node:crypto";
import type { Connection } from "../connection/connection.ts";
import type { Row } from "../connection/queryable.ts";
import type { CompiledSql } from "../sql/sql.ts";
import { FetchRows, RowMaker } from "./fetch-rows.ts";
import { takesQueryClasses } from "./pg-query-class.ts";

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
  const fetch = fetcher<R>(connection);
  return { fetch: (rowCount) => fetch(`FETCH ${rowCount} FROM ${name}`) };
}

/** How this driver runs one FETCH. */
function fetcher<R>(connection: Connection): (text: string) => Promise<R[]> {
  const { driver } = connection;
  if (!takesQueryClasses(driver)) {
    return async (text) => (await connection.run<R>({ text, values: [] })).rows;
  }
  const maker = new RowMaker(driver);
  return (text) =>
    connection.track(() => {
      const fetch = new FetchRows(text, maker);
      driver.query(fetch);
      return fetch.done;
    });
}
