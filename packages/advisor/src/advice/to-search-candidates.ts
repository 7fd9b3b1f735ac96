import { thresholdOf } from "@upshift/findings";
import { distinctCount } from "../candidates/btree/key-column.ts";
import { keyText } from "../candidates/definition-key.ts";
import { toIndexKey } from "../candidates/existing-index.ts";
import type { IndexDefinition } from "../planner/planner.ts";
import { type SearchCandidate, tableKey } from "../search/search-query.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";
import { plannerSetting } from "../workload/write-rates.ts";
import type { RegisteredCandidate } from "./register-candidates.ts";

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
      preference: preferenceOf(candidate.definition, schema),
      minGainRatio: Math.max(minGainRatio, ruleRatio(candidate.definition, schema)),
      minGainCost: leastGain(candidate.definition, schema),
      slackRatio: Math.max(minGainRatio, coveringRatio(candidate.definition)),
      slackCost: leastGain(candidate.definition, schema),
      extends: new Set(starts.map(({ index }) => index.id)),
      contains: new Set(
        candidates
          .filter((other) => contains(candidate.definition, other.definition))
          .map(({ index }) => index.id),
      ),
    };
  });
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
  const keys = new Set(definition.keys.map(({ expression }) => expression));
  // One more column on what is there already: a step of the same sort as one more column to read.
  const isRefinement = existing.some(
    (index) =>
      index.isValid &&
      index.method === definition.method &&
      index.predicate === null &&
      index.keys.every(({ column }) => column !== null && keys.has(column)),
  );
  return isRefinement ? thresholdOf("index/covering", "minGainRatio") : coveringRatio(definition);
}

/**
 * The first key's different values, in rows: what others will ask of the index, and what serves a foreign key, starts with
 * a column that says much. An index that starts with a status serves a question about anything else by skip scan at best.
 */
function preferenceOf(
  { schema: owner, table, keys }: IndexDefinition,
  schema: SchemaLookup,
): number {
  const relation = schema.relation(owner, table);
  const [first] = keys;
  if (relation === null || first === undefined || !first.isColumn) return 0;
  return distinctCount(first.expression, relation, schema);
}

/** Visits of the table that one call must save to be worth an index, and to be worth wider entries in one. */
const FEWEST_PAGES = 2;
const FEWEST_PAGES_COVERED = 10;

/**
 * What one call must gain, in cost units.
 *
 * A lookup that reads four pages instead of two is half as dear and not worth an index. That one covers a query saves a
 * visit of the table per row while vacuum keeps up: a single write to the page undoes it for a lookup of one row.
 */
function leastGain({ include }: IndexDefinition, { snapshot }: SchemaLookup): number {
  const pages = include.length > 0 ? FEWEST_PAGES_COVERED : FEWEST_PAGES;
  return pages * plannerSetting(snapshot, "random_page_cost", 4);
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

/** Whether `few` has some of the keys of `many`, in whatever order, over the same rows. */
function contains(many: IndexDefinition, few: IndexDefinition): boolean {
  if (many.schema !== few.schema || many.table !== few.table) return false;
  if (many.method !== few.method || many.predicate !== few.predicate) return false;
  const keys = new Set(many.keys.map(keyText));
  return (
    few.include.length === 0 &&
    few.keys.length < many.keys.length &&
    few.keys.every((key) => keys.has(keyText(key)))
  );
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
