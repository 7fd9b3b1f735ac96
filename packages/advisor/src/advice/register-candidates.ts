import { thresholdOf } from "@upshift/findings";
import { toIndexKey } from "../candidates/existing-index.ts";
import { keyText } from "../candidates/definition-key.ts";
import type { IndexCandidate } from "../candidates/generate-candidates.ts";
import type { IndexDefinition, IndexId, Planner, PlannerIndex } from "../planner/planner.ts";
import { type SearchCandidate, tableKey } from "../search/search-query.ts";
import { writeCost } from "../search/write-cost.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";
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

/** What the search needs of each: a wider one also serves the statements of those it starts with. */
export function toSearchCandidates(
  candidates: readonly RegisteredCandidate[],
  minGainRatio: number,
  schema: SchemaLookup,
): readonly SearchCandidate[] {
  return candidates.map((candidate): SearchCandidate => {
    const starts = candidates.filter(
      (other) => other !== candidate && startsWith(candidate.definition, other.definition),
    );
    const statements = new Set(candidate.statements);
    for (const start of starts) for (const id of start.statements) statements.add(id);
    return {
      id: candidate.index.id,
      table: tableKey({ schema: candidate.index.schema, name: candidate.index.table }),
      sizeBytes: candidate.index.sizeBytes,
      writeCost: candidate.writeCost,
      statements,
      columnSet: `${candidate.index.schema}.${candidate.index.table} ${columnSet(candidate.definition)}`,
      minGainRatio: Math.max(minGainRatio, ruleRatio(candidate.definition, schema)),
      slackRatio: Math.max(minGainRatio, coveringRatio(candidate.definition)),
      extends: new Set(starts.map(({ index }) => index.id)),
    };
  });
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

/** What a step of this sort must gain to be worth it; 0 for an index where there is none like it. */
function ruleRatio(definition: IndexDefinition, schema: SchemaLookup): number {
  const relation = schema.relation(definition.schema, definition.table);
  const existing = relation === null ? [] : schema.indexesOf(relation);
  // What an index carries beside its keys, and which rows it leaves out, does not matter: the keys are no news.
  const keySet = columnSet({ keys: definition.keys, include: [], predicate: null });
  const isReorder = existing.some(
    ({ isValid, method, keys }) =>
      isValid &&
      method === definition.method &&
      columnSet({ keys: keys.map(toIndexKey), include: [], predicate: null }) === keySet,
  );
  if (isReorder && definition.include.length === 0) {
    return thresholdOf("index/column-order", "minGainRatio");
  }
  return coveringRatio(definition);
}

function coveringRatio({ include }: IndexDefinition): number {
  return include.length > 0 ? thresholdOf("index/covering", "minGainRatio") : 0;
}

function columnSet({
  keys,
  include,
  predicate,
}: Pick<IndexDefinition, "keys" | "include" | "predicate">): string {
  const names = keys.map(({ expression }) => expression).toSorted();
  return JSON.stringify([names, include.toSorted(), predicate]);
}

/** Whether all that `start` gives, `wide` gives too. */
function startsWith(wide: IndexDefinition, start: IndexDefinition): boolean {
  if (wide.schema !== start.schema || wide.table !== start.table) return false;
  if (wide.method !== start.method || wide.predicate !== start.predicate) return false;
  const carried = new Set([...wide.include, ...wide.keys.map(({ expression }) => expression)]);
  return (
    start.keys.length <= wide.keys.length &&
    start.include.every((column) => carried.has(column)) &&
    start.keys.every((key, position) => {
      const other = wide.keys[position];
      return other !== undefined && keyText(other) === keyText(key);
    })
  );
}
