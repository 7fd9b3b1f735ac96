import { InvalidArgumentError } from "@upshift/foundation";
import { sharedSql } from "../sql/shared-sql.ts";
import { sql, Sql } from "../sql/sql.ts";
import type { CheckedScope } from "./check-tables.ts";
import { compileSelection } from "./compile-selection.ts";
import { conjunction } from "./conjunction.ts";
import type { Scope } from "./field-node.ts";
import type { PickedField } from "./pick-fields.ts";
import type { ShapeStep } from "./shape-rows.ts";
import { type Sort, type SortItem, toSort } from "./sort-keys.ts";

/** Which rows of a selection, in which order. */
export interface RowOptions {
  readonly uses?: readonly string[] | undefined;
  readonly where?: Sql | undefined;
  readonly orderBy?: readonly SortItem[] | Sql | undefined;
  readonly limit?: number | undefined;
}

/**
 * @throws {UnknownFieldError} for a field to sort by that is not declared
 * @throws {InvalidArgumentError} when an option cannot work
 */
export function compileSelect(
  checked: CheckedScope,
  picked: readonly PickedField[],
  { uses, where, orderBy, limit }: RowOptions,
): { readonly statement: Sql; readonly steps: readonly ShapeStep[] } {
  const sort = sortOf(orderBy, checked);
  const selection = compileSelection(checked, picked, {
    uses: [...toUses(uses, checked.scope), ...(sort?.uses ?? [])],
  });
  const condition = whereClause([
    selection.where,
    where === undefined ? undefined : piece(where, "where"),
  ]);
  const order = sort === undefined ? sql`` : sql` ORDER BY ${sort.sql}`;
  return {
    statement: sql`SELECT ${selection.columns} FROM ${selection.from}${condition}${order}${limitClause(limit)}`,
    steps: selection.steps,
  };
}

/** @throws {InvalidArgumentError} for a join that is not declared */
export function toUses(uses: readonly string[] = [], { joins }: Scope): readonly string[] {
  const unknown = uses.find((name) => !joins.has(name));
  if (unknown === undefined) return uses;
  const known = [...joins.keys()].join(", ") || "none";
  throw new InvalidArgumentError(`declared joins in \`uses\` (there are: ${known})`, unknown);
}

function sortOf(orderBy: RowOptions["orderBy"], checked: CheckedScope): Sort | undefined {
  if (orderBy === undefined) return undefined;
  if (orderBy instanceof Sql) return { sql: sharedSql(orderBy), uses: [] };
  return orderBy.length === 0 ? undefined : toSort(orderBy, checked);
}

function whereClause(conditions: readonly (Sql | undefined)[]): Sql {
  const [first, ...rest] = conditions.filter((condition) => condition !== undefined);
  return first === undefined ? sql`` : sql` WHERE ${conjunction([sql`(${first})`, ...rest])}`;
}

function limitClause(limit: number | undefined): Sql {
  if (limit === undefined) return sql``;
  if (!Number.isSafeInteger(limit) || limit < 0) {
    throw new InvalidArgumentError("`limit` as a whole number >= 0", limit);
  }
  return sql` LIMIT ${limit}`;
}

function piece(value: unknown, name: string): Sql {
  if (value instanceof Sql) return sharedSql(value);
  throw new InvalidArgumentError(`\`${name}\` as sql\`…\``, typeof value);
}
