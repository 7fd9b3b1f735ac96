import type { IndexDefinition } from "../planner/planner.ts";
import type { Relation } from "../snapshot/database-snapshot.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";
import { plannerSetting, type TableWrites } from "../workload/write-rates.ts";

/** A leaf page that an insert needs is outside the cache this often; the upper levels never are. */
const LEAF_MISS_RATIO = 0.25;

/** The planner counts 50 operator calls per level of a B-tree (selfuncs.c, DEFAULT_PAGE_CPU_MULTIPLIER). */
const OPERATORS_PER_LEVEL = 50;

/**
 * What the workload's writes pay for one more index, in the planner's cost units, so that it can be set against reads.
 *
 * One entry costs a descent, the entry, and now and then a leaf page from disk. An INSERT adds one entry. An UPDATE adds
 * one unless it is HOT; when the index holds a column that the UPDATE sets, it ends HOT for it, and then every index of
 * the table gets an entry. A DELETE leaves the entry to vacuum, which is not counted.
 */
export function writeCost(
  definition: IndexDefinition,
  relation: Relation,
  writes: TableWrites,
  schema: SchemaLookup,
): number {
  const existing = schema.indexesOf(relation);
  const added = columnsOf(definition);
  const indexed = new Set(
    existing.flatMap((index) => [
      ...index.include,
      ...index.keys.map(({ column }) => column ?? ""),
    ]),
  );
  let entries = writes.inserts;
  for (const { rows, setColumns } of writes.updates) {
    // Columns that an index holds already were never HOT.
    const wasHot = setColumns === null || !setColumns.some((column) => indexed.has(column));
    const hotRows = wasHot ? rows * writes.hotRatio : 0;
    const endsHot = setColumns?.some((column) => added.has(column)) === true;
    entries += rows - hotRows + (endsHot ? hotRows * (existing.length + 1) : 0);
  }
  return entries * entryCost(relation, schema);
}

/** Columns that the index depends on; those of expressions and predicates are taken by name. */
function columnsOf({ keys, include, predicate }: IndexDefinition): ReadonlySet<string> {
  const text = keys.filter(({ isColumn }) => !isColumn).map(({ expression }) => expression);
  const words = [...text, predicate ?? ""].join(" ").match(/\w+/g) ?? [];
  return new Set([
    ...keys.filter(({ isColumn }) => isColumn).map(({ expression }) => expression),
    ...include,
    ...words,
  ]);
}

function entryCost(relation: Relation, { snapshot }: SchemaLookup): number {
  const operator = plannerSetting(snapshot, "cpu_operator_cost", 0.0025);
  const tuple = plannerSetting(snapshot, "cpu_index_tuple_cost", 0.005);
  const page = plannerSetting(snapshot, "random_page_cost", 4);
  const rows = Math.max(relation.rows, 2);
  // About 200 entries fit a page of a narrow key.
  const levels = Math.ceil(Math.log(rows) / Math.log(200));
  const descent = (Math.log2(rows) + levels * OPERATORS_PER_LEVEL) * operator;
  return descent + tuple + LEAF_MISS_RATIO * page;
}
