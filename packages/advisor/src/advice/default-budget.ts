import type { Relation } from "../snapshot/database-snapshot.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";
import type { PlannableQuery } from "./plannable-queries.ts";

/** Indexes beyond half of what they index are seldom worth their memory. */
const SHARE_OF_TABLES = 0.5;

/** What no server misses: small tables may have an index each. */
const SMALLEST_BUDGET_BYTES = 64 * 1024 * 1024;

/** Storage for new indexes when none is given: half the size of the tables that the workload names, at least 64 MB. */
export function defaultBudget(queries: readonly PlannableQuery[], schema: SchemaLookup): number {
  const relations = new Set<Relation>();
  for (const { statement } of queries) {
    for (const { relation } of statement.shape.occurrences) {
      relations.add(relation);
      for (const child of schema.descendants(relation)) relations.add(child);
    }
  }
  const pages = [...relations].reduce((sum, relation) => sum + Math.max(relation.pages, 0), 0);
  const share = SHARE_OF_TABLES * pages * schema.snapshot.server.blockSizeBytes;
  return Math.max(share, SMALLEST_BUDGET_BYTES);
}
