import type { Queryable } from "../connection/queryable.ts";
import { runStatement } from "../connection/run-statement.ts";
import { TABLE_ORDER_SQL } from "./table-order-sql.ts";

/** What of a table's declarations an order can rely on. */
export interface TableOrder {
  /** Columns that are proved to have no NULL. */
  readonly notNull: ReadonlySet<string>;
  /** The primary key first, then the shortest. */
  readonly uniqueKeys: readonly UniqueIndex[];
}

export interface UniqueIndex {
  readonly columns: readonly { readonly name: string; readonly collationOid: number }[];
  /** No two rows share it, not even by NULLs. */
  readonly isNullProof: boolean;
}

/** The JSON of {@link TABLE_ORDER_SQL}. */
interface OrderRow {
  readonly notNull: readonly string[] | null;
  readonly uniqueKeys: readonly UniqueRow[] | null;
}

interface UniqueRow {
  readonly nullsNotDistinct: boolean;
  readonly columns: readonly { readonly name: string; readonly collation: number }[];
}

/** @returns `undefined` when there is no table of this oid any more */
export async function readTableOrder(
  db: Queryable,
  tableOid: number,
): Promise<TableOrder | undefined> {
  const { rows } = await runStatement<{ readonly facts: string }>(db, {
    text: TABLE_ORDER_SQL,
    values: [String(tableOid)],
  });
  const [found] = rows;
  if (found === undefined) return undefined;
  const row: OrderRow = JSON.parse(found.facts);
  const notNull = new Set(row.notNull ?? []);
  return {
    notNull,
    uniqueKeys: (row.uniqueKeys ?? []).map(({ nullsNotDistinct, columns }) => ({
      columns: columns.map(({ name, collation }) => ({ name, collationOid: collation })),
      isNullProof: nullsNotDistinct || columns.every(({ name }) => notNull.has(name)),
    })),
  };
}
