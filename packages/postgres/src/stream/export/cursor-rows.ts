import { isPoolLike, type Queryable } from "../../connection/queryable.ts";
import { batchSizing } from "../batch-size.ts";
import { openCursor } from "../cursor.ts";
import { toCopyText } from "./copy-text.ts";
import { rowsSql, type RowSourceOptions } from "./row-source.ts";

/** What a column prints as, and NULL where it is NULL: a row of NULLs is not, although `IS NULL` says so. A cast to text prints differently: it cuts `char(n)` and writes `t` as `true`. */
function print(column: string): string {
  return `CASE WHEN pg_catalog.num_nulls(${column}) = 0 THEN pg_catalog.concat(${column}) END`;
}

/**
 * Sends the rows of a query to the sink by a cursor, as text that PostgreSQL prints. For every driver.
 *
 * @returns how many there were
 */
export async function cursorRows(db: Queryable, options: RowSourceOptions): Promise<number> {
  const { connection, query, description, document, sink } = options;
  const text = rowsSql(query.text, description, document, print);
  const cursor = await openCursor(connection, { text, values: query.values }, !isPoolLike(db));
  const columns = document.isWholeRow ? ["c0"] : document.columns.map((column) => `c${column}`);
  const sizing = batchSizing("adaptive");
  let total = 0;
  let asked = sizing.rowCount;
  let next = cursor.fetch(asked);
  for (;;) {
    const rows = await next;
    const isLast = rows.length < asked;
    sizing.measured(rows);
    // The next rows come while these are written.
    if (!isLast) {
      asked = sizing.rowCount;
      next = cursor.fetch(asked);
      next.catch(() => undefined);
    }
    for (const row of rows) sink.row(toCopyText(columns.map((name) => textOrNull(row[name]))));
    total += rows.length;
    if (isLast) return total;
    await sink.ready();
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
