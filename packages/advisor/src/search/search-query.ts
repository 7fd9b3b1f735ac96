import type { IndexId, PlannableStatement } from "../planner/planner.ts";

/** A statement of the workload as the search sees it. */
export interface SearchQuery {
  readonly id: string;
  readonly calls: number;
  /** `schema.table` of everything it reads or writes, partitions included: other tables' indexes cannot matter. */
  readonly tables: ReadonlySet<string>;
  /** Candidates that some plan of it could use; the others are not tried with it. */
  readonly usable: ReadonlySet<IndexId>;
  /** What is planned; the weights sum to 1. */
  readonly plannings: readonly WeightedPlanning[];
  /** Candidates that only give it the order of a LIMIT; see `ProposedIndex.isEarlyStop`. */
  readonly earlyStops: ReadonlySet<IndexId>;
}

export interface WeightedPlanning {
  readonly statement: PlannableStatement;
  readonly weight: number;
}

/** An index that the search may choose. */
export interface SearchCandidate {
  readonly id: IndexId;
  /** `schema.table` */
  readonly table: string;
  readonly sizeBytes: number;
  /** What the workload's writes pay for it, in the planner's cost units. */
  readonly writeCost: number;
  /** Statements that it was proposed for, or for a prefix of it. */
  readonly statements: ReadonlySet<string>;
  /** Equal for candidates that differ in the order of their keys only. */
  readonly columnSet: string;
  /** Of several orders of the same keys that are about as good, the one with the highest is taken. */
  readonly preference: number;
  /** It stays only if some query gains at least this share by it. */
  readonly minGainRatio: number;
  /** And only if one call of some query gains at least this much by it, in cost units. */
  readonly minGainCost: number;
  /** What it must gain instead for a call that another index of the table, chosen or existing, serves already. */
  readonly minStepCost: number;
  /** A smaller index takes its place where no query gets dearer by more than this share. */
  readonly slackRatio: number;
  /** Nor does it keep its place for less than this in cost units per call: a page more or less is no reason. */
  readonly slackCost: number;
  /** Candidates whose keys are a prefix of its own: once it is there, they seldom pay. */
  readonly extends: ReadonlySet<IndexId>;
  /** Candidates that start some order of its keys that was proposed: those with fewer keys that could do as well. */
  readonly contains: ReadonlySet<IndexId>;
}

export function tableKey(relation: { readonly schema: string; readonly name: string }): string {
  return `${relation.schema}.${relation.name}`;
}
