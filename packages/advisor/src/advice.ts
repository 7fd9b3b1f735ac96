import type { Finding } from "@upshift/findings";
import type { IndexDefinition } from "./planner/planner.ts";

/** What to build and drop, verified by re-planning the whole workload in the twin. */
export interface Advice {
  readonly indexes: readonly AdvisedIndex[];
  readonly workload: { readonly costBefore: number; readonly costAfter: number };
  readonly queries: readonly AdvisedQuery[];
  /** Statements that could not be planned, each with its reason; they count nowhere else. */
  readonly skipped: readonly { readonly query: string; readonly reason: string }[];
  readonly findings: readonly Finding[];
  /** Sentences for a person about what the advice could not take into account. */
  readonly notes: readonly string[];
  /** `null` where nothing was searched. */
  readonly search: SearchFacts | null;
}

export interface SearchFacts {
  /** Room that the advised indexes could take. */
  readonly budgetBytes: number;
  /** Workload cost if every candidate index existed at once: no choice among them is cheaper. */
  readonly lowerBound: number;
  readonly candidates: number;
  /** Plans that were made in the twin. */
  readonly plans: number;
  /** False when the bound on plans ended the search early. */
  readonly isComplete: boolean;
}

export interface AdvisedIndex {
  readonly definition: IndexDefinition;
  /** Safe on a live table: `CREATE INDEX CONCURRENTLY …`; several statements for a partitioned table. */
  readonly ddl: string;
  readonly undo: string;
  readonly sizeBytes: number;
  /** Share of the workload's cost that goes when this index alone is added to all others: `1 - after/before`. */
  readonly gainRatio: number;
  /** `hint`: it rests on statistics that are hidden or missing, or on a guess about parameters. */
  readonly confidence: "proven" | "hint";
  /** Why it is a hint, what writes pay for it, what to mind. */
  readonly cautions: readonly string[];
  /** Existing indexes that are not needed once this one is there; proved by planning without them. */
  readonly replaces: readonly {
    readonly schema: string;
    readonly name: string;
    readonly ddl: string;
    readonly undo: string;
  }[];
  /** Queries whose plan uses it: cost of one call today, and with all advised indexes. */
  readonly queries: readonly {
    readonly query: string;
    readonly costBefore: number;
    readonly costAfter: number;
  }[];
}

export interface AdvisedQuery {
  readonly id: string;
  /** `$n` in place of constants. */
  readonly text: string;
  readonly calls: number;
  /** Cost of one call. */
  readonly costBefore: number;
  readonly costAfter: number;
}
