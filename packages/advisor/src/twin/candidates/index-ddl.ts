import type { IndexDefinition, IndexKey } from "../../planner/planner.ts";
import { quoteIdentifier, quoteQualified } from "../sql-text.ts";

/** `CREATE INDEX` with every name quoted; what a person reads is PostgreSQL's own print of the result. */
export function createIndexSql(definition: IndexDefinition, name: string): string {
  const keys = definition.keys.map((key) => keySql(key, definition.method)).join(", ");
  const include =
    definition.include.length === 0
      ? ""
      : ` INCLUDE (${definition.include.map(quoteIdentifier).join(", ")})`;
  const predicate = definition.predicate === null ? "" : ` WHERE ${definition.predicate}`;
  return `CREATE INDEX ${quoteIdentifier(name)} ON ${quoteQualified(definition.schema, definition.table)} USING ${definition.method} (${keys})${include}${predicate}`;
}

function keySql(key: IndexKey, method: IndexDefinition["method"]): string {
  const parts = [key.isColumn ? quoteIdentifier(key.expression) : `(${key.expression})`];
  if (key.opclass !== null) parts.push(key.opclass);
  // Only B-trees are ordered; the others refuse the words.
  if (method === "btree") {
    if (key.direction === "desc") parts.push("DESC");
    const usual = key.direction === "desc" ? "first" : "last";
    if (key.nulls !== usual) parts.push(key.nulls === "first" ? "NULLS FIRST" : "NULLS LAST");
  }
  return parts.join(" ");
}
