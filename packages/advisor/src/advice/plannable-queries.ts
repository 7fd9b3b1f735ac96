import type { IndexId, PlannableStatement, Planner } from "../planner/planner.ts";
import type { SearchQuery, WeightedPlanning } from "../search/search-query.ts";
import { tableKey } from "../search/search-query.ts";
import type { SkippedStatement } from "../workload/read-statements.ts";
import type { PreparedStatement, PreparedWorkload } from "../workload/prepare-workload.ts";
import { StatementNotPlannableError } from "../planner/planner-errors.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";
import { earlyStopsOf, type RegisteredCandidate } from "./register-candidates.ts";
import { usableCandidates } from "./usable-candidates.ts";

/** A statement that the planner accepts, and in which forms. */
export interface PlannableQuery {
  readonly statement: PreparedStatement;
  readonly tables: ReadonlySet<string>;
  /** With drawn values where they are known, else for all values at once. */
  readonly plannings: readonly WeightedPlanning[];
  /** For all values at once; `null` when the server cannot plan it so, or it has no parameter. */
  readonly generic: PlannableStatement | null;
}

/** Asks the planner once for every form of every statement, with today's indexes, and sorts out what it refuses. */
export async function plannableQueries(
  { statements, schema }: PreparedWorkload,
  planner: Planner,
  signal: AbortSignal | undefined,
): Promise<{
  readonly queries: readonly PlannableQuery[];
  readonly skipped: readonly SkippedStatement[];
}> {
  const today = new Set(
    planner
      .indexes()
      .filter(({ origin }) => origin === "existing")
      .map(({ id }) => id),
  );
  const isRecorded = schema.snapshot.workload.source === "pg_stat_statements";
  const queries: PlannableQuery[] = [];
  const skipped: SkippedStatement[] = [];
  for (const statement of statements) {
    signal?.throwIfAborted();
    const form = await acceptedForms(statement, planner, today);
    if ("reason" in form) {
      if (isRecorded && readsNoTable(statement)) continue;
      skipped.push({ query: statement.normalized, reason: form.reason });
    } else queries.push({ statement, tables: tablesOf(statement, schema), ...form });
  }
  return { queries, skipped };
}

/** What a monitor asks of functions, and what fills a table: nobody misses advice on it. */
function readsNoTable({ shape }: PreparedStatement): boolean {
  return (
    shape.unknownRelations.length === 0 &&
    shape.occurrences.every(({ isTarget }) => isTarget && shape.kind === "insert")
  );
}

export function toSearchQuery(
  { statement, tables, plannings }: PlannableQuery,
  registered: readonly RegisteredCandidate[],
): SearchQuery {
  return {
    id: statement.id,
    calls: statement.calls,
    tables,
    usable: usableCandidates(statement.shape, registered),
    plannings,
    earlyStops: earlyStopsOf(statement.id, registered),
  };
}

async function acceptedForms(
  statement: PreparedStatement,
  planner: Planner,
  today: ReadonlySet<IndexId>,
): Promise<Pick<PlannableQuery, "plannings" | "generic"> | { readonly reason: string }> {
  const { text, draws, parameterCount } = statement;
  const generic: PlannableStatement = { text, parameters: "generic" };
  const genericRefusal = parameterCount > 0 ? await refusal(generic, planner, today) : null;
  const plannings = (draws ?? []).map(({ parameters, weight }) => ({
    statement: { text, parameters },
    weight,
  }));
  let refused = draws === null ? genericRefusal : null;
  for (const planning of plannings) {
    refused ??= await refusal(planning.statement, planner, today);
  }
  const usableGeneric = parameterCount > 0 && genericRefusal === null ? generic : null;
  if (draws !== null && refused === null) return { plannings, generic: usableGeneric };
  if (usableGeneric !== null) {
    return { plannings: [{ statement: generic, weight: 1 }], generic };
  }
  return { reason: refused ?? genericRefusal ?? "its parameters are not known" };
}

/** Why the planner does not take it; `null` when it does. */
async function refusal(
  statement: PlannableStatement,
  planner: Planner,
  visible: ReadonlySet<IndexId>,
): Promise<string | null> {
  try {
    await planner.plan(statement, visible);
    return null;
  } catch (error) {
    if (error instanceof StatementNotPlannableError) return error.message;
    throw error;
  }
}

/** Tables whose indexes can matter: those it names, their partitions, and what they are partitions of. */
function tablesOf({ shape }: PreparedStatement, schema: SchemaLookup): ReadonlySet<string> {
  const tables = new Set<string>();
  for (const { relation } of shape.occurrences) {
    tables.add(tableKey(relation));
    for (const child of schema.descendants(relation)) tables.add(tableKey(child));
    for (const ancestor of ancestors(relation.parents, schema)) tables.add(ancestor);
  }
  return tables;
}

function ancestors(
  parents: readonly { readonly schema: string; readonly name: string }[],
  schema: SchemaLookup,
): readonly string[] {
  return parents.flatMap((parent) => {
    const relation = schema.relation(parent.schema, parent.name);
    return [tableKey(parent), ...(relation === null ? [] : ancestors(relation.parents, schema))];
  });
}
