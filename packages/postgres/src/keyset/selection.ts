import { InvalidArgumentError } from "@upshift/foundation";
import { catalogOf } from "../catalog/catalog.ts";
import type { Queryable } from "../connection/queryable.ts";
import { quoteIdentifier } from "../sql/quote-identifier.ts";
import { type CompiledSql, Sql } from "../sql/sql.ts";
import type { ResolvedOrder } from "./resolve-order.ts";

/** What a page shows of each row. */
export interface Selection {
  readonly compiled: CompiledSql;
  /** Of its columns; `undefined` where only the server knows. */
  readonly names: readonly string[] | undefined;
}

/**
 * @param select - columns by name, or a list of expressions as SQL; `undefined` for all
 * @throws {UnknownColumnError}
 * @throws {InvalidArgumentError}
 */
export async function toSelection(
  db: Queryable,
  { table }: ResolvedOrder,
  select: readonly string[] | Sql | undefined,
): Promise<Selection> {
  if (select instanceof Sql) return { compiled: select.compile(), names: undefined };
  if (select === undefined && table === undefined) return EVERYTHING;
  if (select !== undefined && (!Array.isArray(select) || select.length === 0)) {
    throw new InvalidArgumentError("`select` as a list of columns or sql`…`", typeof select);
  }
  // A name twice is one property of a row, and in a subquery ambiguous.
  const names = [...new Set(select ?? table?.columns.keys())];
  if (table !== undefined && select !== undefined) {
    await catalogOf(db).columns({ schema: table.schema, name: table.name }, names);
  }
  const prefix = table === undefined ? "" : `${quoteIdentifier(table.name)}.`;
  const text = names.map((name) => prefix + quoteIdentifier(name)).join(", ");
  return { compiled: { text, values: [] }, names };
}

const EVERYTHING: Selection = { compiled: { text: "*", values: [] }, names: undefined };
