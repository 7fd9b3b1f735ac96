import { InvalidArgumentError } from "@upshift/foundation";
import { catalogOf } from "../catalog/catalog.ts";
import type { Queryable } from "../connection/queryable.ts";
import { quoteIdentifier } from "../sql/quote-identifier.ts";
import { sharedSql } from "../sql/shared-sql.ts";
import { identifier, joinSql, Sql, sql, verbatim } from "../sql/sql.ts";
import type { ResolvedOrder } from "./resolve-order.ts";

/** What a page shows of each row. */
export interface Selection {
  readonly sql: Sql;
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
  if (select instanceof Sql) return { sql: sharedSql(select), names: undefined };
  if (select === undefined && table === undefined) return { sql: sql`*`, names: undefined };
  if (select !== undefined && (!Array.isArray(select) || select.length === 0)) {
    throw new InvalidArgumentError("`select` as a list of columns or sql`…`", typeof select);
  }
  // A name twice is one property of a row, and in a subquery ambiguous.
  const names = [...new Set(select ?? table?.columns.keys())];
  if (table === undefined) {
    return {
      sql: joinSql(
        names.map((name) => identifier(name)),
        COMMA,
      ),
      names,
    };
  }
  await catalogOf(db).columns({ schema: table.schema, name: table.name }, names);
  const columns = names.map((name) =>
    verbatim(`${quoteIdentifier(table.name)}.${quoteIdentifier(name)}`),
  );
  return { sql: joinSql(columns, COMMA), names };
}

const COMMA = verbatim(", ");
