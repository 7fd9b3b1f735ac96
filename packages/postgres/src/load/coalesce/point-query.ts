/** `SELECT columns FROM one_table WHERE key = $1 [AND key = $2 …] [LIMIT 1]`, read from its text. */
export interface PointQuery {
  /** Schema, where the text names one, and table. */
  readonly table: readonly [string] | readonly [string, string];
  readonly columns: readonly SelectedColumn[];
  /** At least one; the key at index `n` is compared with the parameter `$n+1`. */
  readonly keys: readonly KeyCondition[];
  readonly hasLimit: boolean;
}

/** `"*"` is every column. */
export type SelectedColumn = "*" | { readonly name: string; readonly alias: string | undefined };

export interface KeyCondition {
  readonly column: string;
  /** The type that the text casts the parameter to; one of those whose arrays are read as they are, else the text is refused. */
  readonly cast: string | undefined;
}

/**
 * Why a query is sent as it came:
 *
 * - `turned off`: by its own `coalesce: false`, or the pool coalesces only what asks for it
 * - `callback`, `submittable`, `options`: how it was called; a query of its own type parsers, a cursor, a stream
 * - `values`: a value that has no text form of its own (an array, an object, bytes), or another number of values than parameters
 * - `statement`: no SELECT, or not as plain as a point query: a join, a function, an expression, a comment, a second statement
 * - `condition`: a WHERE that is no `key = $n`, joined by AND, each parameter once
 * - `order or limit`, `locking`: ORDER BY, GROUP BY, OFFSET, a LIMIT that is not 1; FOR UPDATE and its like
 * - `name`: a keyword as a name, or a name that PostgreSQL would cut
 * - `cast`: of a parameter to a type that is not known to read the same in an array
 * - `not a table`: a view, a foreign table, a temporary table, none at all
 * - `column`: a name that is no column of the table, and so perhaps a function of its row
 * - `row security`: the table has policies, which may read settings of the session, and no `context` was given
 * - `not unique`: LIMIT 1 where the key is not unique
 * - `driver`, `failed`: the driver gives no results like pg's; the server refuses the batch of this text but not the text
 */
export type RefusalReason =
  | "turned off"
  | "callback"
  | "submittable"
  | "options"
  | "values"
  | "statement"
  | "condition"
  | "order or limit"
  | "locking"
  | "name"
  | "cast"
  | "not a table"
  | "column"
  | "row security"
  | "not unique"
  | "driver"
  | "failed";
