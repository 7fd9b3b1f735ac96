import type { IndexDefinition } from "../planner/planner.ts";
import type { Relation } from "../snapshot/database-snapshot.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";
import type { QueryShape } from "../workload/shape/query-shape.ts";
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
  const found = new Map<string, { candidate: CandidateDraft; calls: number }>();
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
          }),
        )
        .filter(({ definition }) => !isServedByExisting(definition, schema.indexesOf(relation)));
      for (const { definition, isEarlyStop, assumption } of proposals.slice(
        0,
        MOST_PER_OCCURRENCE,
      )) {
        const key = definitionKey(definition);
        const known = found.get(key) ?? {
          candidate: { definition, statements: new Set(), earlyStops: new Set(), assumption },
          calls: 0,
        };
        if (!known.candidate.statements.has(id)) known.calls += calls;
        known.candidate.statements.add(id);
        if (isEarlyStop) known.candidate.earlyStops.add(id);
        found.set(key, known);
      }
    }
  }
  return [...found.values()]
    .toSorted((a, b) => b.calls - a.calls)
    .slice(0, MOST_CANDIDATES)
    .map(({ candidate }) => candidate);
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

function columnKey(relation: Relation, column: string): string {
  return `${relation.schema}\0${relation.name}\0${column}`;
}
