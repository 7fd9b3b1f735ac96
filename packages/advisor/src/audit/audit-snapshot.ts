import type { Finding } from "@upshift/findings";
import type { SchemaLookup } from "../workload/schema-lookup.ts";
import type { DropProposal } from "./drop-proposal.ts";
import { findInvalidIndexes } from "./invalid-indexes.ts";
import { findMissingStatistics } from "./missing-statistics.ts";
import { findRedundantIndexes } from "./redundant-indexes.ts";
import { findUnindexedForeignKeys, type UnindexedForeignKey } from "./unindexed-foreign-keys.ts";
import { findUnusedIndexes } from "./unused-indexes.ts";

export interface Audit {
  readonly findings: readonly Finding[];
  /** Foreign keys without an index; advice on the workload may bring one. */
  readonly foreignKeys: readonly UnindexedForeignKey[];
  /** Drops that the workload can still prove or refute; redundant ones before unused ones. */
  readonly drops: readonly DropProposal[];
}

/** What the catalog and the counters show by themselves: no workload and no planner is needed. Pure. */
export function auditSnapshot(schema: SchemaLookup): Audit {
  const unused = findUnusedIndexes(schema);
  const idle = new Set(unused.map(({ index }) => index));
  // A wide index that nobody uses does not make the narrow one redundant that everybody uses.
  const redundant = findRedundantIndexes(schema).filter(
    ({ index, coveredBy }) =>
      coveredBy === null || !idle.has(coveredBy) || idle.has(index) || (index.scans ?? 0) === 0,
  );
  const spokenFor = new Set(redundant.flatMap(({ index, coveredBy }) => [index, coveredBy]));
  return {
    findings: [...findInvalidIndexes(schema), ...findMissingStatistics(schema)],
    foreignKeys: findUnindexedForeignKeys(schema),
    drops: [...redundant, ...unused.filter(({ index }) => !spokenFor.has(index))],
  };
}
