import type { Relation } from "../../snapshot/database-snapshot.ts";

export type StatementKind = "select" | "insert" | "update" | "delete" | "merge";

/** What a statement asks of each table it names: enough to propose indexes, nothing that a plan would say better. */
export interface QueryShape {
  readonly kind: StatementKind;
  readonly occurrences: readonly TableOccurrence[];
  readonly parameters: readonly ParameterUse[];
  /** Tables or views that the snapshot does not have. */
  readonly unknownRelations: readonly string[];
}

/** One mention of a table; a table that is joined to itself has two. */
export interface TableOccurrence {
  readonly id: number;
  readonly relation: Relation;
  /** The statement writes to it. */
  readonly isTarget: boolean;
  /** Columns that an UPDATE, a MERGE or an ON CONFLICT sets. */
  readonly setColumns: readonly string[];
  /** All of these hold for every row that is wanted. */
  readonly conditions: readonly ColumnCondition[];
  /** One list for each arm of an OR; an index serves one arm. */
  readonly alternatives: readonly (readonly ColumnCondition[])[];
  readonly joins: readonly JoinCondition[];
  readonly orders: readonly WantedOrder[];
  readonly referencedColumns: ReadonlySet<string>;
}

/**
 * `equality`: one value. `in`: several values. `null`, `not-null`: a null test. `range`: <, >, BETWEEN.
 * `prefix`: LIKE 'abc%'. `other`: no B-tree serves it, but a literal one can be the predicate of a partial index.
 */
export type ConditionKind = "equality" | "in" | "null" | "not-null" | "range" | "prefix" | "other";

export interface ColumnCondition {
  readonly column: string;
  readonly kind: ConditionKind;
  /** As PostgreSQL names it: `=`, `~~` for LIKE, `@>`; for access methods that serve more than order. */
  readonly operator: string;
  /** The condition as SQL over the bare column when it is the same in every call; else `null`. */
  readonly literal: string | null;
  /** The constants of an equality, as `pg_stats` writes values; `null` when there are none or they differ between calls. */
  readonly constants: readonly string[] | null;
  /** A prefix that is one only if the parameter's pattern starts with text. */
  readonly isAssumed: boolean;
  /** `(a, b) > ($1, $2)` is a range over `a` with `b` following. */
  readonly following: readonly string[];
}

export interface ColumnSource {
  /** `TableOccurrence.id` */
  readonly occurrence: number;
  readonly column: string;
}

export interface JoinCondition {
  readonly column: string;
  /** `null`: an expression over other tables. */
  readonly other: ColumnSource | null;
}

export interface WantedOrder {
  readonly keys: readonly OrderKey[];
  /** `group` and `distinct` take their keys in any order and direction. */
  readonly reason: "order" | "group" | "distinct" | "window" | "extreme";
  /** All of the statement's sort keys, not only the first of them. */
  readonly isComplete: boolean;
  /** Only the first rows are wanted, so an index in this order saves reading the rest. */
  readonly hasLimit: boolean;
}

export interface OrderKey {
  readonly column: string;
  readonly direction: "asc" | "desc";
  readonly nulls: "first" | "last";
}

/** Where a `$n` stands, which says what values it takes. */
export interface ParameterUse {
  readonly number: number;
  readonly role:
    | "equality"
    | "element"
    | "array"
    | "lower-bound"
    | "upper-bound"
    | "prefix"
    | "pattern"
    | "assigned"
    | "limit"
    | "offset"
    | "cast";
  /** The column it is compared with or assigned to. */
  readonly source: ColumnSource | null;
  /** `interval` in `$1::interval`; `null` without a cast. */
  readonly castType: string | null;
}
