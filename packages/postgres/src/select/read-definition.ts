import { InvalidArgumentError } from "@upshift/foundation";
import type { TableName } from "../catalog/catalog.ts";
import { sharedSql } from "../sql/shared-sql.ts";
import { Sql } from "../sql/sql.ts";
import type { ColumnPair, FieldMap, FieldNode, JoinNode, ListNode, Scope } from "./field-node.ts";
import type {
  FieldDefinition,
  FieldDefinitions,
  JoinDefinition,
  JoinDefinitions,
  ListField,
  ProjectionDefinition,
} from "./projection-definition.ts";

/** PostgreSQL cuts longer names off, and two could become one. */
const LONGEST_NAME_BYTES = 63;

/** @throws {InvalidArgumentError} when a name cannot be, or a join is named that is not declared */
export function readDefinition(definition: ProjectionDefinition): Scope {
  return readScope(definition, definition.table, "", new Set());
}

interface ScopeParts {
  readonly as?: string;
  readonly joins?: JoinDefinitions;
  readonly fields: FieldDefinitions;
  readonly where?: Sql;
}

/**
 * @param prefix - path of the list that it is, with a dot; empty at the root
 * @param outer - names of the tables around it, which its own must not hide
 */
function readScope(
  parts: ScopeParts,
  table: TableName,
  prefix: string,
  outer: ReadonlySet<string>,
): Scope {
  const alias = parts.as ?? nameOf(table);
  const joins = readJoins(parts.joins ?? {});
  const names = new Set(outer);
  for (const name of [alias, ...joins.keys()]) {
    assertName(name, "the name of a table or join");
    if (names.has(name)) {
      throw new InvalidArgumentError("tables and joins with names of their own: set `as`", name);
    }
    names.add(name);
  }
  const fields = readFields(parts.fields, { joins, join: undefined, prefix, alias: "", names });
  return { table, alias, joins, fields, where: piece(parts.where, "where") };
}

function nameOf(table: TableName): string {
  if (typeof table !== "string") return table.name;
  return table.slice(table.indexOf(".") + 1);
}

function readJoins(definitions: JoinDefinitions): ReadonlyMap<string, JoinNode> {
  const joins = new Map<string, JoinNode>();
  let waiting = Object.entries(definitions);
  while (waiting.length > 0) {
    const ready = waiting.filter(([, { from }]) => from === undefined || joins.has(from));
    const [stuck] = waiting;
    if (ready.length === 0 && stuck !== undefined) {
      throw new InvalidArgumentError(
        `\`from\` of the join ${JSON.stringify(stuck[0])} as the name of a join that does not hang on it`,
        stuck[1].from,
      );
    }
    for (const [name, join] of ready) joins.set(name, readJoin(name, join));
    waiting = waiting.filter(([name]) => !joins.has(name));
  }
  return joins;
}

function readJoin(name: string, { table, from, on, and, kind = "left" }: JoinDefinition): JoinNode {
  if (kind !== "left" && kind !== "inner") {
    throw new InvalidArgumentError('`kind` of a join as "left" or "inner"', kind);
  }
  const pairs = readPairs(on, name);
  return {
    name,
    parent: from,
    table,
    on: pairs,
    and: piece(and, "and"),
    isInner: kind === "inner",
  };
}

function readPairs(on: Readonly<Record<string, string>>, name: string): readonly ColumnPair[] {
  const pairs = Object.entries(on ?? {});
  if (pairs.length === 0) {
    throw new InvalidArgumentError(
      `\`on\` of ${JSON.stringify(name)} as { column: column }`,
      "none",
    );
  }
  return pairs;
}

interface Place {
  readonly joins: ReadonlyMap<string, JoinNode>;
  /** The join whose columns plain names are. */
  readonly join: string | undefined;
  readonly prefix: string;
  readonly alias: string;
  readonly names: ReadonlySet<string>;
}

function readFields(definitions: FieldDefinitions, place: Place): FieldMap {
  const entries = Object.entries(definitions ?? {});
  if (entries.length === 0) {
    throw new InvalidArgumentError(`at least one field in \`${place.prefix}fields\``, "none");
  }
  return new Map(entries.map(([name, field]) => [name, readField(name, field, place)]));
}

function readField(name: string, field: FieldDefinition, place: Place): FieldNode {
  if (name === "" || name.includes(".") || name === "__proto__") {
    throw new InvalidArgumentError("a field's name that has no dot and is not __proto__", name);
  }
  const alias = `${place.alias}${name}`;
  // One byte more: the mark of an object's presence.
  assertName(`${alias}.`, `a field's path of less than ${LONGEST_NAME_BYTES} bytes`);
  const named = { name, path: `${place.prefix}${name}`, alias };
  if (typeof field === "string") {
    return { ...named, kind: "column", join: place.join, column: field };
  }
  if ("sql" in field) {
    for (const join of field.joins) assertJoin(join, place, named.path);
    return { ...named, kind: "computed", sql: required(field.sql, named.path), joins: field.joins };
  }
  if ("many" in field) return readList(named, field, place);
  assertJoin(field.join, place, named.path);
  if ("column" in field) {
    return { ...named, kind: "column", join: field.join, column: field.column };
  }
  const inside = { ...place, join: field.join, prefix: `${named.path}.`, alias: `${alias}.` };
  return { ...named, kind: "object", join: field.join, fields: readFields(field.fields, inside) };
}

function readList(
  named: Pick<FieldNode, "name" | "path" | "alias">,
  field: ListField,
  place: Place,
): ListNode {
  const { from = place.join, limit } = field;
  if (from !== undefined) assertJoin(from, place, named.path);
  if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 1)) {
    throw new InvalidArgumentError(`\`limit\` of ${JSON.stringify(named.path)} >= 1`, limit);
  }
  return {
    ...named,
    kind: "list",
    parent: from,
    on: readPairs(field.on, named.path),
    orderBy: piece(field.orderBy, "orderBy"),
    limit,
    scope: readScope(field, field.many, `${named.path}.`, place.names),
  };
}

function assertJoin(join: string, { joins }: Place, path: string): void {
  if (joins.has(join)) return;
  const known = [...joins.keys()].join(", ") || "none";
  throw new InvalidArgumentError(
    `a declared join for the field ${JSON.stringify(path)} (there are: ${known})`,
    join,
  );
}

function assertName(name: string, expectation: string): void {
  const bytes = Buffer.byteLength(name);
  if (name === "" || name.includes("\0") || bytes > LONGEST_NAME_BYTES) {
    throw new InvalidArgumentError(expectation, name);
  }
}

function required(sql: unknown, path: string): Sql {
  if (sql instanceof Sql) return sharedSql(sql);
  throw new InvalidArgumentError(
    `the SQL of the field ${JSON.stringify(path)} as sql\`…\``,
    typeof sql,
  );
}

function piece(sql: Sql | undefined, name: string): Sql | undefined {
  return sql === undefined ? undefined : required(sql, name);
}
