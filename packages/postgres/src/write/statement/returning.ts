import { InvalidArgumentError } from "@upshift/foundation";
import type { Row } from "../../connection/queryable.ts";
import type { TableFacts } from "../../catalog/table-facts.ts";
import { UnknownColumnError } from "../../postgres-errors.ts";

/** Which columns of each written row come back: their names, or all of them. */
export type Returning = readonly string[] | "*";

/** RETURNING, with names that no column of a table can disturb: `o` for the place of the input row, `c0`, `c1`, … for the columns. */
export interface ReturningSql {
  /** @param ordinal - expression of the row's number in the statement */
  clause(ordinal: string): string;
  /** The columns alone, of the table under the alias `t`. */
  readonly columns: string;
  /** A row as the caller gets it, by the names of its columns. */
  toRow(row: Row): Row;
}

/**
 * @throws {InvalidArgumentError} for an empty list
 * @throws {UnknownColumnError}
 */
export function returningSql(table: TableFacts, returning: Returning): ReturningSql {
  const names = returning === "*" ? [...table.columns.keys()] : [...new Set(returning)];
  if (names.length === 0)
    throw new InvalidArgumentError("`returning` with at least one column, or without it", "[]");
  const columns = names
    .map((name, place) => {
      const column = table.columns.get(name);
      if (column === undefined) throw new UnknownColumnError(table, name);
      return `t.${column.sqlName} AS c${place}`;
    })
    .join(", ");
  const aliases = names.map((_, place) => `c${place}`);
  return {
    clause: (ordinal) => ` RETURNING (${ordinal})::pg_catalog.int4 AS o, ${columns}`,
    columns,
    // A column may be called `__proto__`, which an assignment would take as the prototype.
    toRow: (row) =>
      Object.fromEntries(names.map((name, place) => [name, row[aliases[place] ?? ""]])),
  };
}
