import type { RefusalReason } from "./point-query.ts";

/** Counts since the pool was wrapped. */
export interface CoalesceStats {
  /** Calls of `query`. */
  readonly queries: number;
  /** Statements sent for them: batches, what was sent as it came, what was run again, questions to the catalog. */
  readonly statements: number;
  /** Queries that were answered by a batch with others. */
  readonly coalesced: number;
  readonly batches: number;
  /** Queries that met no other of their kind in the same tick, and were sent as they came. */
  readonly alone: number;
  /** Queries sent as they came, by the reason why they could not be coalesced. */
  readonly refused: Readonly<Partial<Record<RefusalReason, number>>>;
  /** Queries that were run again by themselves, because their batch failed. */
  readonly rerun: number;
  /** Questions to the catalog, one per text. */
  readonly catalogReads: number;
}

/** The same while they are counted. */
export class StatsCounter {
  queries = 0;
  statements = 0;
  coalesced = 0;
  batches = 0;
  alone = 0;
  rerun = 0;
  catalogReads = 0;
  readonly refused: Partial<Record<RefusalReason, number>> = {};

  refuse(reason: RefusalReason): void {
    this.refused[reason] = (this.refused[reason] ?? 0) + 1;
  }

  read(): CoalesceStats {
    const { queries, statements, coalesced, batches, alone, rerun, catalogReads, refused } = this;
    return {
      queries,
      statements,
      coalesced,
      batches,
      alone,
      refused: { ...refused },
      rerun,
      catalogReads,
    };
  }
}
