import type { IndexDefinition, IndexId } from "../planner/planner.ts";
import type { QueryShape, TableOccurrence } from "../workload/shape/query-shape.ts";
import type { RegisteredCandidate } from "./register-candidates.ts";

/**
 * Candidates that some plan of the statement could use: all others need not be tried with it.
 *
 * Wide on purpose (a column counts wherever it is filtered, joined, sorted or grouped, in whatever table): what is left
 * out here could only be read from end to end for nothing.
 */
export function usableCandidates(
  shape: QueryShape,
  candidates: readonly RegisteredCandidate[],
): ReadonlySet<IndexId> {
  const asked = new Set(shape.occurrences.flatMap(askedColumns));
  const hasLiteral = shape.occurrences.some(({ conditions, alternatives }) =>
    [...conditions, ...alternatives.flat()].some(({ literal }) => literal !== null),
  );
  const usable = candidates.filter(
    ({ definition }) =>
      definition.keys.some(({ expression, isColumn }) => !isColumn || asked.has(expression)) ||
      (definition.predicate !== null && hasLiteral) ||
      shape.occurrences.some((occurrence) => covers(definition, occurrence)),
  );
  return new Set(usable.map(({ index }) => index.id));
}

function askedColumns(occurrence: TableOccurrence): readonly string[] {
  const { conditions, alternatives, joins, orders } = occurrence;
  const compared = [...conditions, ...alternatives.flat()];
  return [
    ...compared.map(({ column }) => column),
    ...compared.flatMap(({ following }) => following),
    ...joins.map(({ column }) => column),
    ...orders.flatMap(({ keys }) => keys.map(({ column }) => column)),
  ];
}

/** An index-only scan reads fewer pages than the table has, whatever the keys. */
function covers(
  { keys, include }: IndexDefinition,
  { referencedColumns }: TableOccurrence,
): boolean {
  const carried = new Set([...include, ...keys.map(({ expression }) => expression)]);
  return [...referencedColumns].every((column) => carried.has(column));
}
