import { quoteIdentifier, quoteQualified } from "../snapshot/identifier.ts";
import type { ReadStatement } from "./read-statements.ts";
import type { SchemaLookup } from "./schema-lookup.ts";
import type { QueryShape } from "./shape/query-shape.ts";
import type { SqlParser } from "./sql-parser.ts";

/**
 * The queries that the server runs by itself when the workload deletes from a table that others reference.
 *
 * They stand in no statistics, yet without an index on the referencing columns each deleted row reads that whole table.
 * Source of the text: PostgreSQL 18, src/backend/utils/adt/ri_triggers.c
 */
export function foreignKeyChecks(
  statements: readonly { readonly statement: ReadStatement; readonly shape: QueryShape }[],
  schema: SchemaLookup,
  parser: SqlParser,
): readonly ReadStatement[] {
  const checks: ReadStatement[] = [];
  for (const constraint of schema.snapshot.constraints) {
    const { references } = constraint;
    if (constraint.kind !== "foreign-key" || references === null) continue;
    const deleted = statements
      .filter(({ shape }) => shape.kind === "delete")
      .filter(({ shape }) =>
        shape.occurrences.some(
          ({ isTarget, relation }) =>
            isTarget && relation.schema === references.schema && relation.name === references.table,
        ),
      )
      .reduce((sum, { statement }) => sum + (statement.rows ?? statement.calls), 0);
    if (deleted === 0) continue;
    const conditions = constraint.columns.map(
      (column, position) => `$${position + 1} = x.${quoteIdentifier(column)}`,
    );
    const text = `SELECT 1 FROM ONLY ${quoteQualified(constraint.schema, constraint.table)} x WHERE ${conditions.join(" AND ")} FOR KEY SHARE OF x`;
    const parsed = parser.parse(text);
    const node = "refused" in parsed ? undefined : parsed[0]?.node;
    if (node === undefined) continue;
    checks.push({
      id: `fk:${constraint.schema}.${constraint.table}.${constraint.name}`,
      text,
      normalized: text,
      node,
      calls: deleted,
      rows: null,
      parameterCount: constraint.columns.length,
    });
  }
  return checks;
}
