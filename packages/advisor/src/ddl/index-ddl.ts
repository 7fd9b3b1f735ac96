import type { IndexDefinition, IndexKey } from "../planner/planner.ts";
import type { Index, Relation } from "../snapshot/database-snapshot.ts";
import { quoteIdentifier, quoteQualified } from "../snapshot/identifier.ts";
import { indexName } from "../twin/candidates/index-name.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";

export interface IndexChange {
  /** Statements for `psql` or a migration without a transaction around it. */
  readonly sql: string;
  readonly undo: string;
}

/**
 * Builds an index on a live table: writers are never blocked.
 *
 * A partitioned table refuses CONCURRENTLY, so the index is declared on it alone, built on each partition, and attached.
 */
export function createIndexChange(
  definition: IndexDefinition,
  name: string,
  schema: SchemaLookup,
): IndexChange {
  const relation = schema.relation(definition.schema, definition.table);
  if (relation?.kind === "partitioned") {
    return {
      sql: partitionedSql(definition, name, relation, schema).join("\n"),
      undo: `DROP INDEX IF EXISTS ${quoteQualified(definition.schema, name)};`,
    };
  }
  return {
    sql: `CREATE INDEX CONCURRENTLY ${quoteIdentifier(name)} ON ${target(definition)} ${body(definition)};`,
    undo: `DROP INDEX CONCURRENTLY IF EXISTS ${quoteQualified(definition.schema, name)};`,
  };
}

/** Drops an index without blocking its readers; the undo builds it again as the catalog has it. */
export function dropIndexChange(index: Index, schema: SchemaLookup): IndexChange {
  const isPartitioned = schema.relation(index.schema, index.table)?.kind === "partitioned";
  const keyword = isPartitioned ? "" : "CONCURRENTLY ";
  return {
    sql: `DROP INDEX ${keyword}${quoteQualified(index.schema, index.name)};`,
    undo: `${index.definition.replace(/^CREATE (UNIQUE )?INDEX /, `CREATE $1INDEX ${keyword}`)};`,
  };
}

/** A name that the schema does not have yet, nor any of `alsoTaken`. */
export function freeIndexName(
  definition: IndexDefinition,
  schema: SchemaLookup,
  alsoTaken: ReadonlySet<string> = new Set(),
): string {
  const { snapshot } = schema;
  const taken = new Set(
    [...snapshot.indexes, ...snapshot.relations, ...snapshot.views]
      .filter((item) => item.schema === definition.schema)
      .map(({ name }) => name),
  );
  return indexName(definition, (name) => taken.has(name) || alsoTaken.has(name));
}

/** `(user_id, created_at DESC) INCLUDE (total) WHERE …` for a person. */
export function describeKeys({ keys, include, predicate }: IndexDefinition): string {
  const included =
    include.length > 0 ? ` INCLUDE (${include.map(quoteIdentifier).join(", ")})` : "";
  const where = predicate === null ? "" : ` WHERE ${predicate}`;
  return `(${keys.map(keySql).join(", ")})${included}${where}`;
}

function partitionedSql(
  definition: IndexDefinition,
  name: string,
  relation: Relation,
  schema: SchemaLookup,
): readonly string[] {
  const lines = [
    `CREATE INDEX ${quoteIdentifier(name)} ON ONLY ${target(definition)} ${body(definition)};`,
  ];
  const partitions = schema.snapshot.relations.filter((child) =>
    child.parents.some(
      (parent) => parent.schema === relation.schema && parent.name === relation.name,
    ),
  );
  for (const partition of partitions) {
    const own = { ...definition, schema: partition.schema, table: partition.name };
    const ownName = freeIndexName(own, schema);
    lines.push(
      ...(partition.kind === "partitioned"
        ? partitionedSql(own, ownName, partition, schema)
        : [createIndexChange(own, ownName, schema).sql]),
      `ALTER INDEX ${quoteQualified(definition.schema, name)} ATTACH PARTITION ${quoteQualified(own.schema, ownName)};`,
    );
  }
  return lines;
}

function target({ schema, table }: IndexDefinition): string {
  return quoteQualified(schema, table);
}

function body(definition: IndexDefinition): string {
  return `USING ${definition.method} ${describeKeys(definition)}`;
}

function keySql({ expression, isColumn, opclass, direction, nulls }: IndexKey): string {
  const isDefaultNulls = (nulls === "first") === (direction === "desc");
  return [
    isColumn ? quoteIdentifier(expression) : `(${expression})`,
    opclass,
    direction === "desc" ? "DESC" : null,
    isDefaultNulls ? null : `NULLS ${nulls.toUpperCase()}`,
  ]
    .filter((part) => part !== null)
    .join(" ");
}
