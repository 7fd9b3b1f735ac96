import { InvalidArgumentError } from "@upshift/foundation";
import { catalogOf, type TableName } from "../catalog/catalog.ts";
import type { ColumnFacts, TableFacts } from "../catalog/table-facts.ts";
import type { Queryable } from "../connection/queryable.ts";
import type { OrderItem } from "../keyset/keyset-spec.ts";
import { type OrderKey, toOrderKeys } from "../keyset/order-key.ts";
import { sharedSql } from "../sql/shared-sql.ts";
import type { Sql } from "../sql/sql.ts";

/** Which rows of a table, and what of them. */
export interface RowsOptions {
  /** Columns; default all. */
  readonly select?: readonly string[] | undefined;
  /** A condition on the rows' table, which it may name: `` sql`users.deleted_at IS NULL` ``. */
  readonly where?: Sql | undefined;
}

/** Which of the rows of one key, and in which order. */
export interface ListOptions extends RowsOptions {
  /** As the order of `keyset`: `'created_at'`, `['created_at', 'desc', { nulls: 'last' }]`. */
  readonly orderBy?: readonly OrderItem[] | undefined;
  /** Rows of each key, the first in order; 1 to 10,000. Default all. */
  readonly limit?: number | undefined;
}

const HIGHEST_LIMIT = 10_000;

export interface CheckedList {
  readonly select: readonly string[] | undefined;
  readonly where: Sql | undefined;
  readonly order: readonly OrderKey[];
  readonly limit: number | undefined;
}

/** @throws {InvalidArgumentError} for what can be seen without the database */
export function checkList({ select, where, orderBy = [], limit }: ListOptions): CheckedList {
  if (select !== undefined && (!Array.isArray(select) || select.length === 0)) {
    throw new InvalidArgumentError("`select` as a list of column names", select);
  }
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 1 || limit > HIGHEST_LIMIT)) {
    throw new InvalidArgumentError(`\`limit\` from 1 to ${HIGHEST_LIMIT}`, limit);
  }
  const [first, ...rest] = orderBy;
  const order = first === undefined ? [] : toOrderKeys({ from: "rows", order: [first, ...rest] });
  return { select, where: where === undefined ? undefined : sharedSql(where), order, limit };
}

export interface SelectedTable {
  readonly table: TableFacts;
  readonly columns: readonly ColumnFacts[];
}

/**
 * @throws {UnknownTableError}
 * @throws {UnknownColumnError} for a column of `select` or of the order
 */
export async function selectedTable(
  db: Queryable,
  name: TableName,
  { select, order }: CheckedList,
): Promise<SelectedTable> {
  const catalog = catalogOf(db);
  const ordered = order.flatMap(({ column }) => (column === undefined ? [] : [column]));
  await catalog.columns(name, ordered);
  const selected =
    select === undefined ? undefined : await catalog.columns(name, [...new Set(select)]);
  const table = await catalog.table(name);
  return { table, columns: selected ?? [...table.columns.values()] };
}
