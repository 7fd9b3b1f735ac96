import type { TableName } from "../catalog/catalog.ts";
import type { Sql } from "../sql/sql.ts";

/** What may be asked of a table and of what belongs to its rows. What is not declared here cannot be asked for. */
export interface ProjectionDefinition {
  readonly table: TableName;
  /** What the table is called in SQL of yours. Default is its name. */
  readonly as?: string;
  readonly joins?: JoinDefinitions;
  readonly fields: FieldDefinitions;
  /** A condition that every row meets, whatever is asked for. It may use the table's own columns. */
  readonly where?: Sql;
}

/** By name, which is also what a joined table is called in SQL of yours. */
export interface JoinDefinitions {
  readonly [name: string]: JoinDefinition;
}

/** At most one row of another table for each row. */
export interface JoinDefinition {
  readonly table: TableName;
  /** The join whose columns stand on the left of `on`. Default is the projection's own table. */
  readonly from?: string;
  /** Columns of `from`, and those of this table that they are equal to. The latter must be a unique key. */
  readonly on: Readonly<Record<string, string>>;
  /** A further condition for the joined row: `sql`author.deleted_at IS NULL``. */
  readonly and?: Sql;
  /** `inner` leaves rows out that have nothing to join, whether or not a field of it is asked for. Default is `left`. */
  readonly kind?: "left" | "inner";
}

export interface FieldDefinitions {
  readonly [name: string]: FieldDefinition;
}

/** Text is a column of the table around it: the projection's, the object's join, or the list's. */
export type FieldDefinition = string | ColumnField | ObjectField | ListField | ComputedField;

/** A column of a join. */
export interface ColumnField {
  readonly join: string;
  readonly column: string;
}

/** Fields of a join as an object of their own, which is `null` where a left join found nothing. */
export interface ObjectField {
  readonly join: string;
  readonly fields: FieldDefinitions;
}

/** Rows of another table as an array of objects, which the server makes as JSON: so many rows for each row, which a join would multiply. */
export interface ListField {
  readonly many: TableName;
  /** What the table is called in SQL of yours. Default is its name. */
  readonly as?: string;
  /** The join whose columns stand on the left of `on`. Default is the table around it. */
  readonly from?: string;
  /** Columns of `from`, and those of the list's table that they are equal to. */
  readonly on: Readonly<Record<string, string>>;
  readonly joins?: JoinDefinitions;
  readonly fields: FieldDefinitions;
  readonly where?: Sql;
  /** Default is its primary key. */
  readonly orderBy?: Sql;
  /** The most of it that a row shows. Default is all. */
  readonly limit?: number;
}

/** An expression over the table and its joins. Make one with {@link computed}. */
export interface ComputedField<T = unknown> {
  readonly sql: Sql;
  readonly joins: readonly string[];
  /** Only a type: nothing is ever stored here. */
  readonly valueType?: T;
}

/**
 * A field that SQL computes: `computed<number>(sql`length(posts.title)`)`.
 *
 * @param T - what the driver makes of its type
 * @param options.joins - the joins that the expression uses
 */
export function computed<T = unknown>(
  sql: Sql,
  options: { readonly joins?: readonly string[] } = {},
): ComputedField<T> {
  return { sql, joins: options.joins ?? [] };
}
