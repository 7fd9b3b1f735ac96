import { InvalidArgumentError } from "@upshift/foundation";
import type { TableName } from "../catalog/catalog.ts";
import type { Row } from "../connection/queryable.ts";
import { type CheckedList, checkList, type ListOptions, type RowsOptions } from "./load-spec.ts";

/** A column, or columns that are one key together. */
export type Columns = string | readonly [string, ...string[]];

/** Where related rows are. What is left out is read from the foreign keys. */
interface RelationOptions {
  /** Fields of the rows that are given. */
  readonly from?: Columns;
  /** Columns of the related table that they equal. */
  readonly to?: Columns;
  /** The table that the given rows come from, to find the foreign key with. */
  readonly of?: TableName;
  /** Relations of the related rows, attached to them in turn. */
  readonly attach?: Relations;
}

export interface BelongsToOptions extends RelationOptions, RowsOptions {}

export interface HasOneOptions extends RelationOptions, Omit<ListOptions, "limit"> {}

export interface HasManyOptions extends RelationOptions, ListOptions {}

export interface ManyToManyOptions extends RelationOptions, ListOptions {
  /** The table of pairs. In `where` and `orderBy` its name is `through`. */
  readonly through: TableName;
  /** Its columns that refer to the given rows. */
  readonly throughFrom?: Columns;
  /** Its columns that refer to the related rows. */
  readonly throughTo?: Columns;
}

/** By the name that the related rows get. */
export type Relations = Readonly<Record<string, Relation<unknown>>>;

/** How to find the rows that belong to others. Made by {@link belongsTo}, {@link hasOne}, {@link hasMany}, {@link manyToMany}. */
export interface Relation<Value> {
  readonly kind: "belongsTo" | "hasOne" | "hasMany" | "manyToMany";
  readonly table: TableName;
  readonly from: readonly string[] | undefined;
  readonly to: readonly string[] | undefined;
  readonly of: TableName | undefined;
  readonly through: ThroughNames | undefined;
  readonly list: CheckedList;
  readonly attach: Relations | undefined;
  /** What it gives; only a type. */
  readonly value?: Value;
}

export interface ThroughNames {
  readonly table: TableName;
  readonly from: readonly string[] | undefined;
  readonly to: readonly string[] | undefined;
}

/**
 * The one row that the given rows refer to, or `null`. `to` is the primary key unless it says otherwise.
 *
 * @throws {InvalidArgumentError} for options that cannot be
 */
export function belongsTo<R = Row>(
  table: TableName,
  options: BelongsToOptions,
): Relation<R | null> {
  return toRelation("belongsTo", table, options);
}

/** The one row that refers to a given row, the first in order where there are several, or `null`. */
export function hasOne<R = Row>(table: TableName, options: HasOneOptions): Relation<R | null> {
  return toRelation("hasOne", table, { ...options, limit: 1 });
}

/** The rows that refer to a given row. */
export function hasMany<R = Row>(table: TableName, options: HasManyOptions): Relation<R[]> {
  return toRelation("hasMany", table, options);
}

/** The rows that a given row is paired with in another table. */
export function manyToMany<R = Row>(table: TableName, options: ManyToManyOptions): Relation<R[]> {
  const { through, throughFrom, throughTo } = options;
  const names = { table: through, from: toColumns(throughFrom), to: toColumns(throughTo) };
  return { ...toRelation("manyToMany", table, options), through: names };
}

function toRelation(
  kind: Relation<never>["kind"],
  table: TableName,
  options: RelationOptions & ListOptions,
): Relation<never> {
  const { from, to, of, attach } = options;
  return {
    kind,
    table,
    from: toColumns(from),
    to: toColumns(to),
    of,
    through: undefined,
    list: checkList(options),
    attach,
  };
}

function toColumns(columns: Columns | undefined): readonly string[] | undefined {
  if (columns === undefined) return undefined;
  const list = typeof columns === "string" ? [columns] : columns;
  if (!Array.isArray(list) || list.length === 0) {
    throw new InvalidArgumentError("columns as a name or a list of names", columns);
  }
  return list;
}
