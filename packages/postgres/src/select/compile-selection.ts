import type { ColumnType } from "../catalog/table-facts.ts";
import { quoteIdentifier } from "../sql/quote-identifier.ts";
import { joinSql, sql, type Sql, verbatim } from "../sql/sql.ts";
import type { CheckedJoin, CheckedScope } from "./check-tables.ts";
import type {
  ColumnNode,
  ColumnPair,
  ComputedNode,
  ListNode,
  ObjectNode,
  Scope,
} from "./field-node.ts";
import { conjunction } from "./conjunction.ts";
import type { PickedField } from "./pick-fields.ts";
import type { ShapeStep } from "./shape-rows.ts";

/** The parts of a statement that gives some fields, and how its rows become what was asked for. */
export interface CompiledSelection {
  readonly columns: Sql;
  readonly from: Sql;
  readonly where: Sql | undefined;
  readonly steps: readonly ShapeStep[];
}

/**
 * @param uses - joins that are needed besides those of the fields
 * @param isJson - the rows become JSON, which JavaScript reads: numbers that it cannot hold become text
 */
export function compileSelection(
  checked: CheckedScope,
  picked: readonly PickedField[],
  {
    uses = [],
    isJson = false,
  }: { readonly uses?: Iterable<string>; readonly isJson?: boolean } = {},
): CompiledSelection {
  const columns: Sql[] = [];
  const needed = new Set<string>(uses);
  const writer: ColumnWriter = { checked, columns, needed, isJson };
  const steps = picked.map((field) => writeField(field, writer));
  return {
    columns: joinSql(columns, verbatim(", ")),
    from: fromClause(checked, needed),
    where: checked.scope.where,
    steps,
  };
}

/** The value of a field without its name, for ORDER BY. */
export function fieldExpression(node: ColumnNode | ComputedNode, { scope }: CheckedScope): Sql {
  return node.kind === "computed" ? sql`(${node.sql})` : columnSql(scope, node.join, node.column);
}

interface ColumnWriter {
  readonly checked: CheckedScope;
  readonly columns: Sql[];
  readonly needed: Set<string>;
  readonly isJson: boolean;
}

function writeField({ node, fields }: PickedField, writer: ColumnWriter): ShapeStep {
  const { name, alias } = node;
  if (node.kind === "object") return writeObject(node, fields, writer);
  if (node.kind === "list") return writeList(node, fields, writer);
  if (node.kind === "column") need(writer, node.join);
  else for (const join of node.joins) need(writer, join);
  writeColumn(writer, valueOf(node, writer), alias);
  return { kind: "value", name, alias };
}

function writeObject(
  node: ObjectNode,
  fields: readonly PickedField[],
  writer: ColumnWriter,
): ShapeStep {
  need(writer, node.join);
  const join = writer.checked.joins.get(node.join);
  const presence = join === undefined || join.isPresent ? undefined : `${node.alias}.`;
  if (join !== undefined && presence !== undefined) {
    // A row that was joined by it has no NULL there.
    const [, column = ""] = join.node.on[0] ?? [];
    const key = columnSql(writer.checked.scope, node.join, column);
    writeColumn(writer, sql`${key} IS NOT NULL`, presence);
  }
  const steps = fields.map((field) => writeField(field, writer));
  return { kind: "object", name: node.name, presence, steps };
}

function writeList(
  node: ListNode,
  fields: readonly PickedField[],
  writer: ColumnWriter,
): ShapeStep {
  need(writer, node.parent);
  const { list, steps } = compileList(node, fields, writer.checked);
  writeColumn(writer, list, node.alias);
  return { kind: "list", name: node.name, alias: node.alias, steps };
}

function need({ needed }: ColumnWriter, join: string | undefined): void {
  if (join !== undefined) needed.add(join);
}

function writeColumn({ columns }: ColumnWriter, value: Sql, alias: string): void {
  columns.push(sql`${value} AS ${verbatim(quoteIdentifier(alias))}`);
}

function valueOf(node: ColumnNode | ComputedNode, { checked, isJson }: ColumnWriter): Sql {
  const value = fieldExpression(node, checked);
  if (node.kind === "computed") return value;
  const table = node.join === undefined ? checked.facts : checked.joins.get(node.join)?.facts;
  const type = table?.columns.get(node.column)?.type;
  const cast = isJson && type !== undefined ? castForJson(type) : undefined;
  return cast === undefined ? value : sql`${value}::${verbatim(cast)}`;
}

/** JSON has no limit on numbers, but `JSON.parse` does. */
function castForJson({ baseName, element }: ColumnType): string | undefined {
  if (TOO_PRECISE.has(baseName)) return "pg_catalog.text";
  return element !== undefined && TOO_PRECISE.has(element.baseName)
    ? "pg_catalog.text[]"
    : undefined;
}

const TOO_PRECISE: ReadonlySet<string> = new Set(["int8", "numeric"]);

/** A subquery for one column: the rows as an array of JSON, `[]` for none. */
function compileList(
  node: ListNode,
  fields: readonly PickedField[],
  outer: CheckedScope,
): { readonly list: Sql; readonly steps: readonly ShapeStep[] } {
  const checked = outer.lists.get(node);
  if (checked === undefined) throw new Error(`the list ${node.path} was not checked`);
  const { columns, from, where, steps } = compileSelection(checked, fields, { isJson: true });
  const link = equalities(outer.scope, node.parent, node.on, checked.scope.alias);
  const limit = node.limit === undefined ? sql`` : sql` LIMIT ${verbatim(String(node.limit))}`;
  const rows = sql`SELECT ${columns} FROM ${from} WHERE ${conjunction([link, where])}${listOrder(node, checked)}${limit}`;
  const list = sql`(SELECT coalesce(pg_catalog.json_agg(pg_catalog.row_to_json("row")), '[]'::pg_catalog.json) FROM (${rows}) AS "row")`;
  return { list, steps };
}

function listOrder({ orderBy }: ListNode, { scope, facts }: CheckedScope): Sql {
  if (orderBy !== undefined) return sql` ORDER BY ${orderBy}`;
  if (facts.primaryKey.length === 0) return sql``;
  const keys = facts.primaryKey.map((column) => columnSql(scope, undefined, column));
  return sql` ORDER BY ${joinSql(keys, verbatim(", "))}`;
}

function fromClause({ scope, facts, joins }: CheckedScope, needed: ReadonlySet<string>): Sql {
  const used = withParents(joins, needed);
  const pieces = [verbatim(`${facts.sqlName} AS ${quoteIdentifier(scope.alias)}`)];
  for (const [name, { node, facts: joined }] of joins) {
    if (!used.has(name)) continue;
    const kind = node.isInner ? "JOIN" : "LEFT JOIN";
    const link = equalities(scope, node.parent, node.on, name);
    pieces.push(
      sql`${verbatim(`${kind} ${joined.sqlName} AS ${quoteIdentifier(name)}`)} ON ${conjunction([link, node.and])}`,
    );
  }
  return joinSql(pieces, verbatim(" "));
}

/** Those that fields need, those that leave rows out, and what these hang on. */
function withParents(
  joins: ReadonlyMap<string, CheckedJoin>,
  needed: ReadonlySet<string>,
): ReadonlySet<string> {
  const used = new Set<string>();
  for (const [name, { isFilter }] of joins) {
    if (!isFilter && !needed.has(name)) continue;
    let next: string | undefined = name;
    while (next !== undefined) {
      used.add(next);
      next = joins.get(next)?.node.parent;
    }
  }
  return used;
}

function equalities(
  scope: Scope,
  parent: string | undefined,
  on: readonly ColumnPair[],
  alias: string,
): Sql {
  const pairs = on.map(
    ([left, right]) => sql`${columnSql(scope, parent, left)} = ${aliased(alias, right)}`,
  );
  return joinSql(pairs, verbatim(" AND "));
}

function columnSql({ alias }: Scope, join: string | undefined, column: string): Sql {
  return aliased(join ?? alias, column);
}

function aliased(alias: string, column: string): Sql {
  return verbatim(`${quoteIdentifier(alias)}.${quoteIdentifier(column)}`);
}
