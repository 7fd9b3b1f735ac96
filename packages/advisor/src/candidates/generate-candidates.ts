import type { IndexDefinition } from "../planner/planner.ts";
import type { Relation } from "../snapshot/database-snapshot.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";
import type { QueryShape, TableOccurrence } from "../workload/shape/query-shape.ts";
import type { CandidateGenerator } from "./candidate-generator.ts";
import { definitionKey } from "./definition-key.ts";
import { isServedByExisting } from "./existing-index.ts";

export interface ShapedStatement {
  readonly id: string;
  readonly calls: number;
  readonly shape: QueryShape;
}

export interface IndexCandidate {
  readonly definition: IndexDefinition;
  /** Statements that it was proposed for. */
  readonly statements: ReadonlySet<string>;
  /** Statements for which it only gives the order of a LIMIT; see `ProposedIndex.isEarlyStop`. */
  readonly earlyStops: ReadonlySet<string>;
  readonly assumption: string | null;
}

/** A sequential scan of fewer pages costs about what a descent of an index does (4 random pages at the default costs). */
const SMALLEST_TABLE_PAGES = 10;

/** Bounds the what-ifs of one table of one statement, and of a whole run; what weighs most stays. */
const MOST_PER_OCCURRENCE = 48;
const MOST_CANDIDATES = 500;

/** Candidates of every generator over every statement, each once, the most called first. */
export function generateCandidates(
  statements: readonly ShapedStatement[],
  schema: SchemaLookup,
  generators: readonly CandidateGenerator[],
): readonly IndexCandidate[] {
  const callsOn = columnCalls(statements);
  const updated = updatedColumns(statements);
  const found = new Map<string, Found>();
  for (const { id, calls, shape } of statements) {
    for (const occurrence of shape.occurrences) {
      const { relation } = occurrence;
      if (!isWorthAnIndex(relation, schema) || isOnlyInserted(shape, occurrence.id)) continue;
      const proposals = generators
        .flatMap((generator) =>
          generator.propose({
            shape,
            occurrence,
            schema,
            callsOn: (column) => callsOn.get(columnKey(relation, column)) ?? 0,
            isUpdated: (column) => updated.has(columnKey(relation, column)),
          }),
        )
        .filter(({ definition }) => !isServedByExisting(definition, schema.indexesOf(relation)));
      for (const { definition, isEarlyStop, isPredicateOnly, assumption } of proposals.slice(
        0,
        MOST_PER_OCCURRENCE,
      )) {
        const key = definitionKey(definition);
        const known = found.get(key) ?? {
          candidate: { definition, statements: new Set(), earlyStops: new Set(), assumption },
          calls: 0,
          isPredicateOnly,
        };
        if (!known.candidate.statements.has(id)) known.calls += calls;
        known.candidate.statements.add(id);
        if (isEarlyStop) known.candidate.earlyStops.add(id);
        found.set(key, known);
      }
    }
  }
  markEarlyStops([...found.values()], statements);
  return withBetterKeys([...found.values()])
    .toSorted((a, b) => b.calls - a.calls)
    .slice(0, MOST_CANDIDATES)
    .map(({ candidate }) => candidate);
}

/** Of all candidates, also of those that another statement proposed: this one's plan may take it for its order. */
function markEarlyStops(found: readonly Found[], statements: readonly ShapedStatement[]): void {
  for (const { id, shape } of statements) {
    for (const occurrence of shape.occurrences) {
      if (!occurrence.orders.some(({ hasLimit }) => hasLimit)) continue;
      for (const { candidate } of found) {
        if (givesOrderOnly(candidate.definition, occurrence)) candidate.earlyStops.add(id);
      }
    }
  }
}

/** Whether the index holds none of the columns that are to have one value, and the order of a LIMIT before all else. */
function givesOrderOnly(
  { schema, table, keys, include, predicate }: IndexDefinition,
  { relation, conditions, orders }: TableOccurrence,
): boolean {
  if (relation.schema !== schema || relation.name !== table || predicate !== null) return false;
  const fixed = conditions
    .filter(({ kind }) => kind === "equality" || kind === "null" || kind === "in")
    .map(({ column }) => column);
  const held = new Set([...keys.map(({ expression }) => expression), ...include]);
  if (fixed.length === 0 || fixed.some((column) => held.has(column))) return false;
  const first = keys[0]?.expression;
  return orders.some(({ hasLimit, keys: wanted }) => hasLimit && wanted[0]?.column === first);
}

interface Found {
  readonly candidate: CandidateDraft;
  calls: number;
  readonly isPredicateOnly: boolean;
}

/** Where another statement has keys to ask of the same rows, an index with any keys gives way to those. */
function withBetterKeys(found: readonly Found[]): readonly Found[] {
  const keyed = found.filter(({ isPredicateOnly }) => !isPredicateOnly);
  return found.filter((one) => {
    if (!one.isPredicateOnly) return true;
    const better = keyed.filter(({ candidate }) =>
      isOverSameRows(candidate.definition, one.candidate.definition),
    );
    for (const { candidate } of better) {
      for (const statement of one.candidate.statements) candidate.statements.add(statement);
    }
    return better.length === 0;
  });
}

function isOverSameRows(left: IndexDefinition, right: IndexDefinition): boolean {
  return (
    left.schema === right.schema && left.table === right.table && left.predicate === right.predicate
  );
}

interface CandidateDraft extends IndexCandidate {
  readonly statements: Set<string>;
  readonly earlyStops: Set<string>;
}

/** A table that is large enough for an index to pay; partitions count together. */
function isWorthAnIndex(relation: Relation, schema: SchemaLookup): boolean {
  if (relation.kind === "foreign-table") return false;
  const pages = schema
    .descendants(relation)
    .reduce((sum, child) => sum + Math.max(child.pages, 0), Math.max(relation.pages, 0));
  return pages >= SMALLEST_TABLE_PAGES;
}

/** The target of a plain INSERT is not read. */
function isOnlyInserted(shape: QueryShape, occurrence: number): boolean {
  return shape.kind === "insert" && shape.occurrences[occurrence]?.isTarget === true;
}

function columnCalls(statements: readonly ShapedStatement[]): ReadonlyMap<string, number> {
  const calls = new Map<string, number>();
  for (const statement of statements) {
    const columns = new Set(
      statement.shape.occurrences.flatMap(({ relation, conditions, joins }) =>
        [...conditions, ...joins].map(({ column }) => columnKey(relation, column)),
      ),
    );
    for (const column of columns) calls.set(column, (calls.get(column) ?? 0) + statement.calls);
  }
  return calls;
}

function updatedColumns(statements: readonly ShapedStatement[]): ReadonlySet<string> {
  return new Set(
    statements.flatMap(({ shape }) =>
      shape.occurrences.flatMap(({ relation, setColumns }) =>
        setColumns.map((column) => columnKey(relation, column)),
      ),
    ),
  );
}

function columnKey(relation: Relation, column: string): string {
  return `${relation.schema}\0${relation.name}\0${column}`;
}
