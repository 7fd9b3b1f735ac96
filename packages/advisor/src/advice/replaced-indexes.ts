import { toIndexKey } from "../candidates/existing-index.ts";
import { keyText } from "../candidates/definition-key.ts";
import { isProtected } from "../audit/drop-proposal.ts";
import { servesForeignKey } from "../audit/unindexed-foreign-keys.ts";
import type { IndexDefinition } from "../planner/planner.ts";
import type { Index } from "../snapshot/database-snapshot.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";

export interface Replaceable {
  readonly index: Index;
  /** `order`: the same columns in another order. `extension`: the new index starts with all of it. */
  readonly why: "order" | "extension";
}

/** Existing indexes that a new one could stand in for; whether it does, a plan of the workload without them says. */
export function replaceableBy(
  definition: IndexDefinition,
  schema: SchemaLookup,
): readonly Replaceable[] {
  const relation = schema.relation(definition.schema, definition.table);
  if (relation === null || definition.predicate !== null || definition.method !== "btree")
    return [];
  const keys = definition.keys.map(({ expression }) => expression);
  const carried = new Set([...keys, ...definition.include]);
  const found: Replaceable[] = [];
  for (const index of schema.indexesOf(relation)) {
    if (isProtected(index) || index.isUnique || !index.isValid || index.method !== "btree")
      continue;
    if (index.predicate !== null || index.keys.some(({ column }) => column === null)) continue;
    if (!index.include.every((column) => carried.has(column))) continue;
    const old = index.keys.map(({ column }) => column ?? "");
    const isExtension = index.keys.every((key, position) => {
      const other = definition.keys[position];
      return other !== undefined && keyText(other) === keyText(toIndexKey(key));
    });
    const isReorder =
      old.length > 1 && old.length <= keys.length && old.every((column) => keys.includes(column));
    if (!isExtension && !isReorder) continue;
    if (!isExtension && leavesForeignKey(index, definition, schema)) continue;
    found.push({ index, why: isExtension ? "extension" : "order" });
  }
  return found;
}

/** Whether a foreign key is served by the index and by nothing once it is gone. */
export function leavesForeignKey(
  index: Index,
  replacement: IndexDefinition | null,
  schema: SchemaLookup,
): boolean {
  const relation = schema.relation(index.schema, index.table);
  const others = relation === null ? [] : schema.indexesOf(relation).filter((i) => i !== index);
  return schema.snapshot.constraints
    .filter(
      ({ kind, schema: owner, table }) =>
        kind === "foreign-key" && owner === index.schema && table === index.table,
    )
    .some(({ columns }) => {
      if (!servesForeignKey(index, columns)) return false;
      if (others.some((other) => servesForeignKey(other, columns))) return false;
      const first = new Set(
        replacement?.keys.slice(0, columns.length).map(({ expression }) => expression),
      );
      return !columns.every((column) => first.has(column));
    });
}
