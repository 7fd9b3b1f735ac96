import type { IndexDefinition } from "../planner/planner.ts";
import type { Relation } from "../snapshot/database-snapshot.ts";
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
  if (hidden.length > 0) {
    const names = hidden.map(({ name }) => name).join(", ");
    doubts.push(
      `The statistics of ${table} (${names}) are hidden from this role, so the gain is a guess.${remedy(relation, schema)}`,
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

/** What would show the statistics, as the snapshot found it; empty where it does not say. */
function remedy(relation: Relation, { snapshot }: SchemaLookup): string {
  const { hidden } = snapshot.visibility;
  const table = `${relation.schema}.${relation.name}`;
  if (hidden.some(({ what, object }) => what === "row-security" && unquoted(object) === table)) {
    return " No GRANT shows them: row-level security is on, so ask as the table's owner or with BYPASSRLS.";
  }
  const facts = hidden.filter(({ what }) => what === "column-statistics");
  // Where all tables of a schema are hidden, one fact with one GRANT stands for them.
  const fact =
    facts.find(({ object }) => unquoted(object) === table) ??
    facts.find(({ object }) => object === null || unquoted(object) === relation.schema);
  return fact === undefined || fact.grant === null ? "" : ` To verify it: ${fact.grant}`;
}

function unquoted(object: string | null): string | undefined {
  return object?.replaceAll('"', "");
}
