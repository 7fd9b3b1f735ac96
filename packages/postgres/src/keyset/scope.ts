import type { CompiledSql } from "../sql/sql.ts";
import { canonicalText } from "./cursors/canonical-text.ts";
import type { ResolvedKey, ResolvedOrder } from "./resolve-order.ts";

/** What cursors of an order have in common whatever its pages filter. */
export function orderScope({ from, keys }: Pick<ResolvedOrder, "from" | "keys">): string {
  return canonicalText({ from: from.compile(), keys: keys.map(keyScope) });
}

function keyScope({ sql, typeSqlName, isAscending, isNullsFirst }: ResolvedKey): unknown {
  // The placement counts also where there is no NULL today: a cursor outlives a migration.
  return { sql: sql.compile(), typeSqlName, isAscending, isNullsFirst };
}

/** What a cursor of a page may be used for: the same rows in the same order. What is selected of them does not matter. */
export function scopeOf(
  { scope }: ResolvedOrder,
  where: CompiledSql | undefined,
  bind: unknown,
): unknown {
  return [scope, bind === undefined ? ["where", where] : ["bind", bind]];
}
