import type { Plan } from "@upshift/plan";

/** Names an index inside one planner: `"schema"."name"`, both always quoted. */
export type IndexId = string;

/**
 * Plans statements under any set of indexes, without running them.
 *
 * The twin implements it. Calls run one after the other, whatever order they are made in.
 */
export interface Planner {
  /** Every index that can be shown or hidden or must stay, existing ones in OID order first. */
  indexes(): readonly PlannerIndex[];
  /**
   * Adds candidates, hidden. One that cannot be made (no operator class, column gone) answers `null` in its place with the reason.
   */
  addIndexes(
    definitions: readonly IndexDefinition[],
  ): Promise<readonly (PlannerIndex | { readonly refused: string })[]>;
  /**
   * The plan when exactly these indexes (and those that cannot be hidden) are there.
   *
   * @throws {StatementNotPlannableError} when the planner refuses the statement, with PostgreSQL's own message
   */
  plan(statement: PlannableStatement, visible: ReadonlySet<IndexId>): Promise<PlannedStatement>;
  close(): Promise<void>;
}

export interface PlannerIndex {
  readonly id: IndexId;
  readonly origin: "existing" | "candidate";
  readonly schema: string;
  readonly table: string;
  /** As the catalog has it; a candidate's is the name that `ddl` gives it. */
  readonly name: string;
  /** `CREATE INDEX …` as it would be run in production, without CONCURRENTLY. */
  readonly ddl: string;
  readonly sizeBytes: number;
  /** False for what has a meaning beyond speed: unique, primary key, exclusion, foreign-key target, replica identity. */
  readonly canHide: boolean;
}

/** An index that does not exist yet. Names are as the catalog has them, unquoted. */
export interface IndexDefinition {
  readonly schema: string;
  readonly table: string;
  readonly method: "btree" | "hash" | "gin" | "gist" | "spgist" | "brin";
  readonly keys: readonly IndexKey[];
  /** Column names. */
  readonly include: readonly string[];
  /** SQL text over the table's columns. */
  readonly predicate: string | null;
}

export interface IndexKey {
  /** A column's name, or an expression's SQL text. */
  readonly expression: string;
  readonly isColumn: boolean;
  readonly direction: "asc" | "desc";
  readonly nulls: "first" | "last";
  /** `text_pattern_ops`; `null`: the type's default. */
  readonly opclass: string | null;
}

export interface PlannableStatement {
  /** With `$n` parameters. */
  readonly text: string;
  /** `generic`: planned once for all values. Else one text value (or SQL NULL) per parameter. */
  readonly parameters: "generic" | readonly (string | null)[];
}

export interface PlannedStatement {
  readonly plan: Plan;
  /** Total cost of the root, in PostgreSQL's cost units. */
  readonly cost: number;
  readonly usedIndexes: ReadonlySet<IndexId>;
  /** Indexes that were taken away because the plan would need a feature that the user's server lacks (skip scan before 18). */
  readonly refusedIndexes: ReadonlySet<IndexId>;
}
