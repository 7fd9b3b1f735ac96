import type { DatabaseSnapshot } from "../snapshot/database-snapshot.ts";
import { drawParameters, type ParameterDraw } from "./draws/draw-parameters.ts";
import { foreignKeyChecks } from "./foreign-key-checks.ts";
import { type ReadStatement, readStatements, type SkippedStatement } from "./read-statements.ts";
import { createSchemaLookup, type SchemaLookup } from "./schema-lookup.ts";
import { queryShape } from "./shape/extract-shape.ts";
import type { QueryShape } from "./shape/query-shape.ts";
import { loadSqlParser } from "./sql-parser.ts";

/** A statement with all that is known of it before the planner is asked. */
export interface PreparedStatement extends ReadStatement {
  readonly shape: QueryShape;
  /** Values to plan it with; `null`: they are not known. */
  readonly draws: readonly ParameterDraw[] | null;
  readonly totalMs: number | null;
}

export interface PreparedWorkload {
  readonly schema: SchemaLookup;
  /** The dearest first. */
  readonly statements: readonly PreparedStatement[];
  readonly skipped: readonly SkippedStatement[];
}

/** Beyond this many statements, what is left takes a sliver of the time and most of the planning. */
const MOST_STATEMENTS = 300;

/** Reads the snapshot's workload: parses, rewrites, extracts shapes, draws parameters. Nothing is planned yet. */
export async function prepareWorkload(snapshot: DatabaseSnapshot): Promise<PreparedWorkload> {
  const parser = await loadSqlParser();
  const schema = createSchemaLookup(snapshot);
  const read = readStatements(snapshot.workload, parser);
  const skipped = [
    ...(snapshot.workload.skipped ?? []).map(({ text, reason }) => ({ query: text, reason })),
    ...read.skipped,
  ];
  const totals = new Map(snapshot.workload.queries.map(({ id, totalMs }) => [id, totalMs]));
  const weight = ({ id, calls }: ReadStatement): number => totals.get(id) ?? calls;
  const byWeight = read.statements.toSorted((a, b) => weight(b) - weight(a));
  for (const { normalized } of byWeight.slice(MOST_STATEMENTS)) {
    skipped.push({
      query: normalized,
      reason: `only the ${MOST_STATEMENTS} statements that weigh most are planned`,
    });
  }

  const shaped: { readonly statement: ReadStatement; readonly shape: QueryShape }[] = [];
  for (const statement of byWeight.slice(0, MOST_STATEMENTS)) {
    try {
      shaped.push({ statement, shape: queryShape(statement.node, schema, parser) });
    } catch (error) {
      // A parse tree can be deeper than JavaScript's stack; such a statement is generated, and the rest is not lost for it.
      if (!(error instanceof RangeError)) throw error;
      skipped.push({ query: statement.normalized, reason: "it is nested too deeply" });
    }
  }
  for (const statement of foreignKeyChecks(shaped, schema, parser)) {
    shaped.push({ statement, shape: queryShape(statement.node, schema, parser) });
  }
  const statements = shaped.map(({ statement, shape }) => ({
    id: statement.id,
    text: statement.text,
    normalized: statement.normalized,
    node: statement.node,
    calls: statement.calls,
    rows: statement.rows,
    parameterCount: statement.parameterCount,
    shape,
    draws: drawParameters(shape, statement.parameterCount, schema),
    totalMs: totals.get(statement.id) ?? null,
  }));
  return { schema, statements, skipped };
}
