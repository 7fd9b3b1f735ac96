import { type Finding, findingKey } from "@upshift/findings";
import { createIndexChange, freeIndexName } from "../ddl/index-ddl.ts";
import type { IndexDefinition } from "../planner/planner.ts";
import type { Constraint, Index, Relation } from "../snapshot/database-snapshot.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";

/** Below this a scan of the referencing table costs what an index would. */
const SMALLEST_TABLE_PAGES = 10;

export interface UnindexedForeignKey {
  readonly constraint: Constraint;
  readonly finding: Finding;
}

/** Foreign keys whose referencing columns no index starts with: each delete of a referenced row scans the whole table. */
export function findUnindexedForeignKeys(schema: SchemaLookup): readonly UnindexedForeignKey[] {
  const found: UnindexedForeignKey[] = [];
  for (const constraint of schema.snapshot.constraints) {
    if (constraint.kind !== "foreign-key" || constraint.references === null) continue;
    const relation = schema.relation(constraint.schema, constraint.table);
    if (relation === null || relation.pages < SMALLEST_TABLE_PAGES) continue;
    if (relation.parents.length > 0) continue;
    if (schema.indexesOf(relation).some((index) => servesForeignKey(index, constraint.columns)))
      continue;
    const definition = definitionOf(constraint);
    // Two constraints over the same columns want one index.
    const finding = toFinding(constraint, relation, definition, schema);
    if (!found.some((other) => other.finding.key === finding.key))
      found.push({ constraint, finding });
  }
  return found;
}

/** Any order of the columns will do, and a predicate that only leaves out NULLs. */
export function servesForeignKey(index: Index, columns: readonly string[]): boolean {
  const first = new Set(index.keys.slice(0, columns.length).map(({ column }) => column));
  const isWhole = index.predicate === null || /^\(*[\w"]+ IS NOT NULL\)*$/i.test(index.predicate);
  return (
    index.isValid &&
    isWhole &&
    index.method === "btree" &&
    columns.every((column) => first.has(column))
  );
}

function definitionOf({ schema, table, columns }: Constraint): IndexDefinition {
  return {
    schema,
    table,
    method: "btree",
    keys: columns.map((column) => ({
      expression: column,
      isColumn: true,
      direction: "asc",
      nulls: "last",
      opclass: null,
    })),
    include: [],
    predicate: null,
  };
}

function toFinding(
  constraint: Constraint,
  relation: Relation,
  definition: IndexDefinition,
  schema: SchemaLookup,
): Finding {
  const parent = constraint.references;
  const referenced = parent === null ? null : schema.relation(parent.schema, parent.table);
  const deletes = referenced?.activity?.deletes ?? 0;
  const table = schema.displayName(relation);
  const columns = constraint.columns.join(", ");
  const change = createIndexChange(definition, freeIndexName(definition, schema), schema);
  return {
    rule: "index/missing",
    key: findingKey({
      rule: "index/missing",
      fingerprint: `fk ${relation.schema}.${relation.name}(${columns})`,
    }),
    severity: deletes > 0 ? "warn" : "info",
    confidence: deletes > 0 ? "likely" : "hint",
    title: `Each delete from ${parent?.table ?? "the referenced table"} scans all of ${table}: no index starts with ${columns}`,
    where: { table },
    evidence: [
      { kind: "note", text: `Foreign key ${constraint.name}: ${constraint.definition}` },
      {
        kind: "count",
        label: `rows deleted from ${parent?.table ?? "it"}`,
        value: deletes,
        unit: "rows",
      },
      { kind: "count", label: `pages of ${table}`, value: relation.pages, unit: "pages" },
    ],
    cost: { bytes: relation.pages * schema.snapshot.server.blockSizeBytes },
    saving: { basis: "projected" },
    fix: {
      title: `Index ${table} (${columns})`,
      sql: change.sql,
      undo: change.undo,
      caution:
        deletes > 0
          ? "Every write to the table pays for it."
          : "Worth it only if referenced rows are deleted or their keys change, or the columns are joined on.",
    },
  };
}
