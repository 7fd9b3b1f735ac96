import type {
  Column,
  ColumnStatistics,
  DatabaseSnapshot,
  Index,
  Relation,
  ViewDefinition,
} from "../snapshot/database-snapshot.ts";

/** Finds things of a snapshot by name, the way a session with its search path would. */
export interface SchemaLookup {
  readonly snapshot: DatabaseSnapshot;
  /** `schema` null: the first schema of the search path that has it. */
  relation(schema: string | null, name: string): Relation | null;
  view(schema: string | null, name: string): ViewDefinition | null;
  column(relation: Relation, name: string): Column | null;
  /** Of the whole inheritance tree where there is one. */
  statistics(relation: Relation, column: string): ColumnStatistics | null;
  indexesOf(relation: Relation): readonly Index[];
  /** Partitions and inheriting tables, at any depth. */
  descendants(relation: Relation): readonly Relation[];
  /** As it is written in SQL: without its schema where the search path has it. */
  displayName(relation: { readonly schema: string; readonly name: string }): string;
}

export function createSchemaLookup(snapshot: DatabaseSnapshot): SchemaLookup {
  const relations = new Map(snapshot.relations.map((item) => [key(item.schema, item.name), item]));
  const views = new Map(snapshot.views.map((item) => [key(item.schema, item.name), item]));
  const statistics = new Map<string, ColumnStatistics>();
  for (const row of snapshot.columnStatistics) {
    const place = key(row.schema, row.relation, row.column);
    if (row.inherited || !statistics.has(place)) statistics.set(place, row);
  }
  const indexes = new Map<string, Index[]>();
  for (const index of snapshot.indexes) {
    const place = key(index.schema, index.table);
    indexes.set(place, [...(indexes.get(place) ?? []), index]);
  }
  const children = new Map<string, Relation[]>();
  for (const relation of snapshot.relations) {
    for (const parent of relation.parents) {
      const place = key(parent.schema, parent.name);
      children.set(place, [...(children.get(place) ?? []), relation]);
    }
  }

  function find<T>(items: ReadonlyMap<string, T>, schema: string | null, name: string): T | null {
    if (schema !== null) return items.get(key(schema, name)) ?? null;
    for (const candidate of snapshot.searchPath) {
      // The first schema with any relation of this name hides the others, whatever kind it is.
      const place = key(candidate, name);
      if (relations.has(place) || views.has(place)) return items.get(place) ?? null;
    }
    return null;
  }

  function descendants(relation: Relation, seen = new Set<Relation>()): readonly Relation[] {
    for (const child of children.get(key(relation.schema, relation.name)) ?? []) {
      if (seen.has(child)) continue;
      seen.add(child);
      descendants(child, seen);
    }
    return [...seen];
  }

  return {
    snapshot,
    relation: (schema, name) => find(relations, schema, name),
    view: (schema, name) => find(views, schema, name),
    column: (relation, name) => relation.columns.find((item) => item.name === name) ?? null,
    statistics: (relation, column) =>
      statistics.get(key(relation.schema, relation.name, column)) ?? null,
    indexesOf: (relation) => indexes.get(key(relation.schema, relation.name)) ?? [],
    descendants: (relation) => descendants(relation),
    displayName: ({ schema, name }) =>
      find(relations, null, name)?.schema === schema ? name : `${schema}.${name}`,
  };
}

function key(...parts: readonly string[]): string {
  return parts.join("\0");
}
