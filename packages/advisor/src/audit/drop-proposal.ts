import type { Finding } from "@upshift/findings";
import type { Index } from "../snapshot/database-snapshot.ts";

/** An index that seems to be in the way; proved by planning the workload without it where there is a workload. */
export interface DropProposal {
  readonly index: Index;
  /** The index that does its work. */
  readonly coveredBy: Index | null;
  readonly finding: Finding;
}

/** An index whose meaning is more than speed: constraints, references and replication rest on it. */
export function isProtected(index: Index): boolean {
  return (
    index.isPrimaryKey ||
    index.isExclusion ||
    index.isConstraint ||
    index.isForeignKeyTarget ||
    index.isReplicaIdentity ||
    // CLUSTER names it; and a partition's index goes with its parent only.
    index.isClustered ||
    index.parent !== null
  );
}

export function sizeOf(index: Index, blockSizeBytes: number): number {
  return Math.max(index.pages, 0) * blockSizeBytes;
}
