import type { TableName } from "../catalog/catalog.ts";
import type { Sql } from "../sql/sql.ts";

/** What is walked, and in which order. */
export interface KeysetSpec {
  /**
   * A table by name, or what follows FROM as SQL: a join, a subquery with its alias, a function. Of a table, nullability and keys come from the catalog, which is
   * read at the first page and not again: restart after a migration that drops a NOT NULL or a unique key of the order.
   */
  readonly from: TableName | Sql;
  /** At least one key, the most significant first. */
  readonly order: readonly [OrderItem, ...OrderItem[]];
  /**
   * Keys that together tell any two rows apart; those that the order lacks are appended to it. Of a table the default is its primary key, else another unique key.
   * Of SQL it must be given, unless `isUnique`. A join needs the key of each side that can repeat the other.
   */
  readonly primaryKey?: readonly KeysetKey[];
  /** Promises that no two rows agree in all keys of the order. Rows that do are lost at a page's end. Default is `false`. */
  readonly isUnique?: boolean;
}

/** `'score'`, `['score', 'desc']` or `['score', 'desc', { nulls: 'last' }]`. */
export type OrderItem = KeysetKey | readonly [KeysetKey, OrderDirection?, OrderOptions?];

/** Default is `asc`. */
export type OrderDirection = "asc" | "desc";

export interface OrderOptions {
  /** Where NULL stands. Default is PostgreSQL's own, which ordinary indexes have: last when ascending, first when descending. */
  readonly nulls?: "first" | "last";
  /** A collation's exact name, `'C'` or `'de-x-icu'`. Default is the column's own, which its indexes have. */
  readonly collation?: string | { readonly schema: string; readonly name: string };
}

/** A column by its exact name, or an expression over `from`. */
export type KeysetKey = string | Sql | KeyExpression;

export interface KeyExpression {
  /** Must give the same for the same row whenever it is asked: nothing volatile. */
  readonly sql: Sql;
  /** `false` promises that it is never NULL; rows where it is are lost. Default is `true`, except for columns of a table, where the catalog knows. */
  readonly nullable?: boolean;
}
