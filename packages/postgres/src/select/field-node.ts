import type { TableName } from "../catalog/catalog.ts";
import type { Sql } from "../sql/sql.ts";

/** One FROM: a table, what is joined to it, and the fields that are made of both. A list inside of another has its own. */
export interface Scope {
  readonly table: TableName;
  readonly alias: string;
  /** Each after the one that it hangs on. */
  readonly joins: ReadonlyMap<string, JoinNode>;
  readonly fields: FieldMap;
  readonly where: Sql | undefined;
}

export type FieldMap = ReadonlyMap<string, FieldNode>;

export interface JoinNode {
  readonly name: string;
  /** `undefined` for the table of the scope. */
  readonly parent: string | undefined;
  readonly table: TableName;
  readonly on: readonly ColumnPair[];
  readonly and: Sql | undefined;
  readonly isInner: boolean;
}

/** Column of the parent, column of the joined table. */
export type ColumnPair = readonly [string, string];

export type FieldNode = ColumnNode | ComputedNode | ObjectNode | ListNode;

interface NamedField {
  readonly name: string;
  /** From the projection's root: how it is asked for. */
  readonly path: string;
  /** From the root of its scope: what its column is called in SQL. */
  readonly alias: string;
}

export interface ColumnNode extends NamedField {
  readonly kind: "column";
  /** `undefined` for the table of the scope. */
  readonly join: string | undefined;
  readonly column: string;
}

export interface ComputedNode extends NamedField {
  readonly kind: "computed";
  readonly sql: Sql;
  readonly joins: readonly string[];
}

export interface ObjectNode extends NamedField {
  readonly kind: "object";
  readonly join: string;
  readonly fields: FieldMap;
}

export interface ListNode extends NamedField {
  readonly kind: "list";
  readonly parent: string | undefined;
  readonly on: readonly ColumnPair[];
  readonly orderBy: Sql | undefined;
  readonly limit: number | undefined;
  readonly scope: Scope;
}

/** The fields inside of one; `undefined` of a field that is a single value. */
export function fieldsInside(node: FieldNode): FieldMap | undefined {
  if (node.kind === "object") return node.fields;
  return node.kind === "list" ? node.scope.fields : undefined;
}

/** The paths of all single values, in the order of the definition. */
export function leafPaths(fields: FieldMap): readonly string[] {
  return [...fields.values()].flatMap((node) => {
    const inside = fieldsInside(node);
    return inside === undefined ? [node.path] : leafPaths(inside);
  });
}
