import type { IndexDefinition, IndexKey } from "../planner/planner.ts";

/** Equal for definitions that are the same index. */
export function definitionKey(definition: IndexDefinition): string {
  const { schema, table, method, keys, include, predicate } = definition;
  return JSON.stringify([
    schema,
    table,
    method,
    keys.map(keyText),
    include.toSorted(),
    predicate ?? null,
  ]);
}

/** The same for a key and for itself read backwards on its own. */
export function keyText(key: IndexKey): string {
  return [key.expression, key.isColumn, key.direction, key.nulls, key.opclass].join("\0");
}

/** The keys as a backward scan of the index gives them. */
export function reversedKeys(keys: readonly IndexKey[]): readonly IndexKey[] {
  return keys.map(({ expression, isColumn, direction, nulls, opclass }) => ({
    expression,
    isColumn,
    direction: direction === "asc" ? "desc" : "asc",
    nulls: nulls === "first" ? "last" : "first",
    opclass,
  }));
}
