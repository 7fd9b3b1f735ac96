import type { IndexDefinition } from "../planner/planner.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";
import type { QueryShape, TableOccurrence } from "../workload/shape/query-shape.ts";

/**
 * Proposes the indexes of one access method for one mention of a table.
 *
 * Proposals are tried in the planner, so they may be many and wrong; what is not proposed is never found. Pure.
 */
export interface CandidateGenerator {
  readonly method: IndexDefinition["method"];
  propose(request: CandidateRequest): readonly ProposedIndex[];
}

export interface CandidateRequest {
  readonly shape: QueryShape;
  readonly occurrence: TableOccurrence;
  readonly schema: SchemaLookup;
  /** How many calls of the workload filter or join on a column of the table: what several queries can share comes first. */
  readonly callsOn: (column: string) => number;
  /** Whether some statement of the workload sets a column of the table in rows that exist. */
  readonly isUpdated: (column: string) => boolean;
}

export interface ProposedIndex {
  readonly definition: IndexDefinition;
  /**
   * It only gives the order: with a LIMIT the plan is cheap if matching rows come early, which the planner takes to be
   * so and data often refutes.
   */
  readonly isEarlyStop: boolean;
  /** Its predicate is all that it is for: any keys would do. */
  readonly isPredicateOnly: boolean;
  /** What must be true of the parameters for it to serve; `null` when nothing. */
  readonly assumption: string | null;
}
