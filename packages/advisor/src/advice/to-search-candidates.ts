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
  const startsOf = new Map(
    candidates.map((candidate) => [
      candidate,
      candidates.filter(
        (other) => other !== candidate && startsWith(candidate.definition, other.definition),
      ),
    ]),
  );
  const orders = new Map<string, readonly RegisteredCandidate[]>();
  for (const candidate of candidates) {
    const set = fullColumnSet(candidate.definition);
    orders.set(set, [...(orders.get(set) ?? []), candidate]);
  }
  return candidates.map((candidate): SearchCandidate => {
    const starts = startsOf.get(candidate) ?? [];
    const set = fullColumnSet(candidate.definition);
    // What starts no order of these keys has a range or a sort first: the equality before it is what the index is for.
    const contained = (orders.get(set) ?? []).flatMap((order) => startsOf.get(order) ?? []);
    const statements = new Set(candidate.statements);
    for (const start of starts) for (const id of start.statements) statements.add(id);
    return {
      id: candidate.index.id,
      table: tableKey({ schema: candidate.index.schema, name: candidate.index.table }),
      sizeBytes: candidate.index.sizeBytes,
      writeCost: candidate.writeCost,
      statements,
      columnSet: set,
      preference: preferenceOf(candidate.definition, schema),
      minGainRatio: Math.max(minGainRatio, ruleRatio(candidate.definition, schema)),
      minGainCost: leastGain(candidate.definition, schema),
      minStepCost: pagesCost(FEWEST_PAGES_MORE, schema),
      slackRatio: Math.max(minGainRatio, coveringRatio(candidate.definition)),
      slackCost: slackCost(candidate.definition, schema),
      extends: new Set(starts.map(({ index }) => index.id)),
      contains: new Set(contained.map(({ index }) => index.id)),
    };
  });
}

/** What a step of this sort must gain to be worth it; 0 for an index where there is none like it. */
function ruleRatio(definition: IndexDefinition, schema: SchemaLookup): number {
  const step = stepFrom(definition, schema);
  if (step === "reorder" && definition.include.length === 0) {
    return thresholdOf("index/column-order", "minGainRatio");
  }
  // One more key on what is there already: a step of the same sort as one more column to read.
  return step === "none"
    ? coveringRatio(definition)
    : thresholdOf("index/covering", "minGainRatio");
}

/** What the index is to those that exist: some have all of its keys, or all of theirs are among its own. */
function stepFrom(definition: IndexDefinition, schema: SchemaLookup): "reorder" | "more" | "none" {
  const relation = schema.relation(definition.schema, definition.table);
  const existing = (relation === null ? [] : schema.indexesOf(relation)).filter(
    ({ isValid, method }) => isValid && method === definition.method,
  );
  // What an index carries beside its keys, and which rows it leaves out, does not matter: the keys are no news.
  const keySet = columnSet({ keys: definition.keys, include: [], predicate: null });
  const isReorder = existing.some(
    ({ keys }) =>
      columnSet({ keys: keys.map(toIndexKey), include: [], predicate: null }) === keySet,
  );
  if (isReorder) return "reorder";
  const own = new Set(definition.keys.map(({ expression }) => expression));
  const isMore = existing.some(
    ({ keys, predicate }) =>
      predicate === null && keys.every(({ column }) => column !== null && own.has(column)),
  );
  return isMore ? "more" : "none";
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

/** Visits of the table that one call must save to be worth an index, and to be worth more than an index that serves it. */
const FEWEST_PAGES = 2;
const FEWEST_PAGES_MORE = 10;

/**
 * What one call must gain, in cost units.
 *
 * A lookup that reads four pages instead of two is half as dear and not worth an index. Where an index serves the call
 * already, more is asked of the next, so that what was left out as too little is not advised by a later run.
 */
function leastGain(definition: IndexDefinition, schema: SchemaLookup): number {
  const isMore = definition.include.length > 0 || stepFrom(definition, schema) !== "none";
  return pagesCost(isMore ? FEWEST_PAGES_MORE : FEWEST_PAGES, schema);
}

/**
 * What an index must be better by to keep its place before a simpler one, in cost units per call.
 *
 * Columns to read save a visit of the table per row while vacuum keeps up: one write to the page undoes that for a lookup.
 */
function slackCost({ include }: IndexDefinition, schema: SchemaLookup): number {
  return pagesCost(include.length > 0 ? FEWEST_PAGES_MORE : FEWEST_PAGES, schema);
}

function pagesCost(pages: number, { snapshot }: SchemaLookup): number {
  return pages * plannerSetting(snapshot, "random_page_cost", 4);
}

function coveringRatio({ include }: IndexDefinition): number {
  return include.length > 0 ? thresholdOf("index/covering", "minGainRatio") : 0;
}

function fullColumnSet(definition: IndexDefinition): string {
  return `${tableKey({ schema: definition.schema, name: definition.table })} ${columnSet(definition)}`;
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
