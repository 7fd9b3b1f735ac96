import { UpshiftError } from "@upshift/foundation";

/** What is known of a row that cannot be written. No value of it is ever among this. */
export interface BadRowFacts {
  /** Of the row in the input, from 0. */
  readonly index: number;
  /** Schema and name. */
  readonly table: string;
  /** The columns at fault: one, or those of a constraint; empty where that is not known. */
  readonly columns: readonly string[];
  /** Goes on from the columns: `"is not valid text for integer"`. */
  readonly reason: string;
  readonly sqlState?: string | undefined;
  readonly constraint?: string | undefined;
  /** Without values of the row: see `redactRejection`. */
  readonly cause?: Error | undefined;
}

/**
 * A row of the input cannot be written, and nothing was. It says which one and, where that can be known, which column; its values are neither in the
 * message nor in `details` nor in `cause`.
 */
export class BadRowError extends UpshiftError {
  readonly code = "UPSHIFT_BAD_ROW" as const;
  /** Of the row in the input, from 0. */
  readonly index: number;
  /** The column at fault, where it is one and known. */
  readonly column: string | undefined;
  /** The columns of the constraint at fault, or the one column; empty where they are not known. */
  readonly columns: readonly string[];
  /** The server's code; `undefined` where the row was refused before it was sent. */
  readonly sqlState: string | undefined;
  /** Name of the constraint that refused it. */
  readonly constraint: string | undefined;

  constructor(facts: BadRowFacts) {
    const { index, table, columns, reason, sqlState, constraint, cause } = facts;
    const names = columns.map((name) => JSON.stringify(name)).join(", ");
    const where = columns.length === 0 ? "" : `column${columns.length > 1 ? "s" : ""} ${names} `;
    super(
      `Row ${index} (from 0) cannot be written to ${JSON.stringify(table)}: ${where}${reason}`,
      {
        details: { index, table, columns, sqlState, constraint },
        ...(cause === undefined ? {} : { cause }),
      },
    );
    this.index = index;
    this.column = columns.length === 1 ? columns[0] : undefined;
    this.columns = columns;
    this.sqlState = sqlState;
    this.constraint = constraint;
  }
}

/** Rows of the input, one after the other. */
export interface WrittenChunk {
  /** Index of its first row in the input, from 0. */
  readonly firstIndex: number;
  /** Rows of the input in it. */
  readonly inputCount: number;
  /** Rows that the table got or changed. */
  readonly rowCount: number;
}

/** With `atomic: false`, a chunk could not be written. Those before it are in the table and stay; it and those after it are not. */
export class PartialWriteError extends UpshiftError {
  readonly code = "UPSHIFT_PARTIAL_WRITE" as const;
  /** The chunks that are in the table. */
  readonly written: readonly WrittenChunk[];
  /** Index of the first row that is not in the table. */
  readonly resumeAt: number;

  constructor(written: readonly WrittenChunk[], resumeAt: number, cause: unknown) {
    const rowCount = written.reduce((sum, chunk) => sum + chunk.rowCount, 0);
    super(
      `${written.length} chunks with ${rowCount} rows are written, those from row ${resumeAt} (from 0) of the input on are not. Correct the cause and go on from there`,
      { cause, details: { chunkCount: written.length, rowCount, resumeAt } },
    );
    this.written = written;
    this.resumeAt = resumeAt;
  }
}
