import type { IndexCandidate } from "../candidates/generate-candidates.ts";
import type { IndexId, Planner, PlannerIndex } from "../planner/planner.ts";
import { writeCost } from "../search/write-cost.ts";
import type { PreparedWorkload } from "../workload/prepare-workload.ts";
import { tableWrites } from "../workload/write-rates.ts";

/** A candidate that the planner has made. */
export interface RegisteredCandidate extends IndexCandidate {
  readonly index: PlannerIndex;
  /** What the workload's writes would pay for it, in cost units. */
  readonly writeCost: number;
}

/** Makes the candidates in the planner; one that it refuses is left out. */
export async function registerCandidates(
  candidates: readonly IndexCandidate[],
  planner: Planner,
  { schema, statements }: PreparedWorkload,
): Promise<readonly RegisteredCandidate[]> {
  const made = await planner.addIndexes(candidates.map(({ definition }) => definition));
  const registered: RegisteredCandidate[] = [];
  for (const [position, candidate] of candidates.entries()) {
    const index = made[position];
    const { definition } = candidate;
    const relation = schema.relation(definition.schema, definition.table);
    if (index === undefined || "refused" in index || relation === null) continue;
    const writes = tableWrites(relation, statements, schema);
    registered.push({
      definition,
      statements: candidate.statements,
      earlyStops: candidate.earlyStops,
      assumption: candidate.assumption,
      index,
      writeCost: writeCost(definition, relation, writes, schema),
    });
  }
  return registered;
}

/** Candidates that only give a statement's order, by statement. */
export function earlyStopsOf(
  statement: string,
  candidates: readonly RegisteredCandidate[],
): ReadonlySet<IndexId> {
  return new Set(
    candidates.filter(({ earlyStops }) => earlyStops.has(statement)).map(({ index }) => index.id),
  );
}
