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
}

export interface AdvisedIndex {
  readonly definition: IndexDefinition;
  /** Safe on a live table: `CREATE INDEX CONCURRENTLY …` */
  readonly ddl: string;
  readonly undo: string;
  readonly sizeBytes: number;
  /** Share of the workload's cost that goes when this index alone is added to all others: `1 - after/before`. */
  readonly gainRatio: number;
  /** Hidden statistics make every gain a guess. */
  readonly confidence: "proven" | "hint";
  readonly queries: readonly {
    readonly query: string;
    readonly costBefore: number;
    readonly costAfter: number;
  }[];
}

export interface AdvisedQuery {
  readonly id: string;
  readonly text: string;
  readonly calls: number;
  /** Cost of one call. */
  readonly costBefore: number;
  readonly costAfter: number;
}
