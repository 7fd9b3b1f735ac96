import type { PageRequest } from "./page-request.ts";
import type { ResolvedOrder } from "./resolve-order.ts";

/** What a cursor of a page may be used for: the same rows in the same order. What is selected of them does not matter. */
export function scopeOf(order: ResolvedOrder, { where, bind }: PageRequest): unknown {
  return {
    from: order.from.compile(),
    keys: order.keys.map((key) => ({
      sql: key.sql.compile(),
      type: key.typeSqlName,
      isAscending: key.isAscending,
      // Also where there is no NULL today: a cursor outlives a migration.
      isNullsFirst: key.isNullsFirst,
    })),
    filter: bind === undefined ? ["where", where?.compile()] : ["bind", bind],
  };
}
