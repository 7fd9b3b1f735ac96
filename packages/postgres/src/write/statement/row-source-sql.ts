import type { ColumnFacts, TableFacts } from "../../catalog/table-facts.ts";
import type { RowGroup } from "../input/row-group.ts";
import { carrierOf } from "./carrier.ts";
import { guardSql } from "./facts-guard.ts";

/** Rows as a FROM item under the alias `u`, with their values. */
export interface RowSourceSql {
  /** FROM and WHERE, `$1` the first of `values`. */
  readonly from: string;
  readonly values: readonly unknown[];
  /** The value of a column of the rows, in the column's own type but not yet fitted to its length. */
  valueOf(column: ColumnFacts): string;
  /** Of a row's `row_number`, its index in the input. */
  indexOf(rowNumber: number): number;
  /** The text comes again for other rows: worth a prepared statement. */
  readonly isPrepared: boolean;
}

/** Rows that have columns at random could have any number of sets, and a server keeps every prepared statement. */
const MAX_PREPARED_SETS = 32;

/**
 * The rows of a group for a statement on the table, as one array per column. The text depends on the columns alone, so each set of columns is one prepared statement.
 *
 * Arrays go as text: every driver sends a string as it is.
 */
export function unnestSource(table: TableFacts, group: RowGroup): RowSourceSql {
  const { columns } = group.set;
  const places = new Map(columns.map(({ name }, place) => [name, place]));
  const common = {
    valueOf(column: ColumnFacts) {
      const { castTo } = carrierOf(column);
      const value = `u.c${places.get(column.name)}`;
      return castTo === undefined ? value : `${value}::${castTo}`;
    },
    indexOf: (rowNumber: number) => group.indexes[rowNumber - 1] ?? -1,
    isPrepared: group.set.number < MAX_PREPARED_SETS,
  };
  if (columns.length === 0) {
    return {
      from: `FROM pg_catalog.generate_series(1, $1::text::pg_catalog.int4) AS u(row_number) WHERE ${guardSql(table)}`,
      values: [String(group.rows.length)],
      ...common,
    };
  }
  const arrays = columns.map(
    (column, place) => `pg_catalog.unnest($${place + 1}::text::${carrierOf(column).arraySqlName})`,
  );
  const names = columns.map((_, place) => `c${place}`);
  return {
    from: `FROM ROWS FROM (${arrays.join(", ")}) WITH ORDINALITY AS u(${names.join(", ")}, row_number) WHERE ${guardSql(table)}`,
    values: group.literals,
    ...common,
  };
}
