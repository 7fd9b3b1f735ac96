import { type Finding, findingKey, ruleOf, thresholdOf } from "@upshift/findings";
import type { Relation } from "../snapshot/database-snapshot.ts";
import { quoteQualified } from "../snapshot/identifier.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";

/** Rows of a page when nobody counted: the planner itself assumes about this much of a table it knows nothing of. */
const ASSUMED_ROWS_PER_PAGE = 50;

/** Tables of some size that were never analysed; a role that may not see the statistics is told so elsewhere. */
export function findMissingStatistics(schema: SchemaLookup): readonly Finding[] {
  const known = new Set(
    schema.snapshot.columnStatistics.map((row) => `${row.schema}.${row.relation}`),
  );
  const minRows = thresholdOf("statistics/missing", "minRows");
  return schema.snapshot.relations
    .filter(
      (relation) =>
        relation.kind !== "foreign-table" &&
        relation.columns.length > 0 &&
        relation.columns.every(({ hasVisibleStatistics }) => hasVisibleStatistics) &&
        !known.has(`${relation.schema}.${relation.name}`) &&
        rowsOf(relation, schema) >= minRows,
    )
    .map((relation) => toFinding(relation, schema));
}

function rowsOf(relation: Relation, schema: SchemaLookup): number {
  if (relation.kind === "partitioned") {
    return schema
      .descendants(relation)
      .filter(({ kind }) => kind !== "partitioned")
      .reduce((sum, child) => sum + rowsOf(child, schema), 0);
  }
  return relation.rows > 0 ? relation.rows : Math.max(relation.pages, 0) * ASSUMED_ROWS_PER_PAGE;
}

function toFinding(relation: Relation, schema: SchemaLookup): Finding {
  const table = schema.displayName(relation);
  const isPartitioned = relation.kind === "partitioned";
  return {
    rule: "statistics/missing",
    key: findingKey({
      rule: "statistics/missing",
      fingerprint: `${relation.schema}.${relation.name}`,
    }),
    severity: ruleOf("statistics/missing").severity,
    confidence: "proven",
    title: `Table ${table} has no statistics, so every plan on it rests on defaults`,
    where: { table },
    evidence: [
      { kind: "count", label: "pages", value: Math.max(relation.pages, 0), unit: "pages" },
      {
        kind: "note",
        text: isPartitioned
          ? "Autovacuum analyses the partitions, never the partitioned table as a whole."
          : "It was never analysed; autovacuum may be off for it, or it was just loaded.",
      },
    ],
    cost: {},
    saving: { basis: "projected" },
    fix: {
      title: `Analyse ${table}`,
      sql: `ANALYZE ${quoteQualified(relation.schema, relation.name)};`,
      caution: isPartitioned
        ? "Run it again after larger changes (a nightly job): autovacuum will not."
        : "Reads a sample of the table; other sessions go on. Plans change at once.",
    },
  };
}
