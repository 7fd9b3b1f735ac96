import { parsePlan } from "@upshift/plan";
import type { IndexDefinition } from "../../planner/planner.ts";
import type { Relation } from "../../snapshot/database-snapshot.ts";
import type { Engine } from "../engine/engine.ts";
import { quoteQualified } from "../sql-text.ts";
import type { CatalogIndex } from "../storage/index-catalog.ts";
import type { ExpressionEstimate } from "../storage/index-shape.ts";
import type { NewIndexFacts } from "../storage/sizing.ts";
import type { StatisticsLookup } from "../storage/statistics-lookup.ts";

/** What the size of a candidate depends on and only the planner can estimate; found before the candidate is created. */
export interface CandidateFacts {
  of(index: CatalogIndex): NewIndexFacts;
}

/** @throws {DatabaseError} when a predicate or expression cannot be planned */
export async function candidateFacts(
  engine: Engine,
  lookup: StatisticsLookup,
  definition: IndexDefinition,
): Promise<CandidateFacts> {
  const rows = new Map<string, { readonly table: number; readonly index: number }>();
  for (const table of lookup.leaves(definition.schema, definition.table)) {
    const name = quoteQualified(table.schema, table.name);
    const from = `SELECT FROM ONLY ${name}`;
    const tableRows = table.rows >= 0 ? table.rows : (await explain(engine, from)).rows;
    const indexRows =
      definition.predicate === null
        ? tableRows
        : Math.min(
            tableRows,
            (await explain(engine, `${from} WHERE ${definition.predicate}`)).rows,
          );
    rows.set(name, { table: tableRows, index: indexRows });
  }
  const expressions = new Map<number, ExpressionEstimate>();
  for (const [position, key] of definition.keys.entries()) {
    if (key.isColumn) continue;
    const from = `FROM ${quoteQualified(definition.schema, definition.table)}`;
    const { widthBytes } = await explain(engine, `SELECT (${key.expression}) ${from}`);
    const distinct = await explain(engine, `SELECT ${from} GROUP BY (${key.expression})`);
    const source = onlyColumn(key.expression, lookup.table(definition.schema, definition.table));
    expressions.set(position + 1, { widthBytes, distinct: distinct.rows, source });
  }
  return {
    of(index) {
      const known = rows.get(quoteQualified(index.schema, index.table));
      return { rows: known?.index ?? 0, tableRows: known?.table ?? 0, expressions };
    },
  };
}

async function explain(
  engine: Engine,
  sql: string,
): Promise<{ readonly rows: number; readonly widthBytes: number }> {
  const { root } = parsePlan(await engine.explain(`EXPLAIN (FORMAT JSON) ${sql}`));
  return { rows: root.planRows ?? 0, widthBytes: root.planWidthBytes ?? 0 };
}

/** The column that an expression is made of, when it mentions just one. */
function onlyColumn(expression: string, table: Relation | undefined): string | null {
  const names = new Set(
    (expression.match(/"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*/gu) ?? []).map((name) =>
      name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name,
    ),
  );
  const mentioned = (table?.columns ?? []).filter((column) => names.has(column.name));
  return mentioned.length === 1 ? (mentioned[0]?.name ?? null) : null;
}
