import type { Connection } from "../../connection/connection.ts";
import type { SingleQuery } from "../single-query.ts";
import type { QueryDescription } from "./describe-query.ts";
import type { ExportDocument } from "./document.ts";

/** Where rows go. */
export interface RowSink {
  /**
   * Never throws: a row that cannot be written ends the export through its signal.
   *
   * @param row - in the text format of COPY; not kept after the call
   */
  row(row: Buffer): void;
  /** True while no more rows are wanted. Those that are under way are taken all the same. */
  readonly isBlocked: boolean;
  /** Resolves when it is not blocked. @throws why the export ends */
  ready(): Promise<void>;
}

export interface RowSourceOptions {
  readonly connection: Connection;
  readonly query: SingleQuery;
  readonly description: QueryDescription;
  readonly document: ExportDocument;
  readonly sink: RowSink;
  readonly signal: AbortSignal;
}

/**
 * The query as rows that the document can write: its own columns in the document's order, or the whole row as JSON.
 *
 * @param query - text without its last parts, `$n` written as the source needs them
 * @param print - what a column becomes
 */
export function rowsSql(
  query: string,
  { columns }: QueryDescription,
  document: ExportDocument,
  print: (column: string) => string,
): string {
  if (document.isWholeRow) {
    // With `.*` it is the row, also where a column has the alias's name.
    return `SELECT ${print("pg_catalog.row_to_json(upshift_row.*)")} AS c0 FROM (${query}) AS upshift_row`;
  }
  const aliases = columns.map((_, index) => `c${index}`);
  const list = document.columns.map((index) => `${print(`t.c${index}`)} AS c${index}`);
  const names = aliases.length === 0 ? "t" : `t(${aliases.join(", ")})`;
  return `SELECT ${list.join(", ")} FROM (${query}) AS ${names}`;
}

/** True when the query gives its columns as the document wants them. */
export function isInOrder({ columns }: QueryDescription, document: ExportDocument): boolean {
  return (
    !document.isWholeRow &&
    document.columns.length === columns.length &&
    document.columns.every((column, index) => column === index)
  );
}
