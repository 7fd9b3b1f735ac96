import type { IndexDefinition } from "../planner/planner.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";
import type { RegisteredCandidate } from "./register-candidates.ts";

/** Why advice on an index rests on less than the user's own statistics; empty when it does not. */
export function doubtsAbout(
  { definition, assumption }: Pick<RegisteredCandidate, "definition" | "assumption">,
  schema: SchemaLookup,
): readonly string[] {
  const relation = schema.relation(definition.schema, definition.table);
  const doubts: string[] = [];
  if (relation === null) return doubts;
  const table = schema.displayName(relation);
  const columns = relation.columns.filter(({ name }) => keyColumns(definition).has(name));
  const hidden = columns.filter(({ hasVisibleStatistics }) => !hasVisibleStatistics);
  const grant = schema.snapshot.visibility.hidden.find(
    ({ what, object }) => what === "column-statistics" && isAbout(object, relation),
  )?.grant;
  if (hidden.length > 0) {
    const names = hidden.map(({ name }) => name).join(", ");
    doubts.push(
      `The statistics of ${table} (${names}) are hidden from this role, so the gain is a guess.${grant === undefined || grant === null ? "" : ` To verify it: ${grant}`}`,
    );
  } else if (columns.some(({ name }) => schema.statistics(relation, name) === null)) {
    doubts.push(`Table ${table} has no statistics for these columns: run ANALYZE, then ask again.`);
  }
  if (assumption !== null) doubts.push(`It serves only if ${assumption}.`);
  return doubts;
}

function keyColumns({ keys }: IndexDefinition): ReadonlySet<string> {
  return new Set(keys.filter(({ isColumn }) => isColumn).map(({ expression }) => expression));
}

function isAbout(
  object: string | null,
  { schema, name }: { readonly schema: string; readonly name: string },
): boolean {
  return object === null || object.replaceAll('"', "") === `${schema}.${name}`;
}
