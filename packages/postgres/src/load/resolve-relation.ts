import { InvalidArgumentError } from "@upshift/foundation";
import { type Catalog, catalogOf, type TableName } from "../catalog/catalog.ts";
import type { ForeignKey, TableFacts } from "../catalog/table-facts.ts";
import type { Queryable } from "../connection/queryable.ts";
import { keyedStatement, type KeyedStatement, type Through } from "./keyed-select.ts";
import type { ColumnFacts } from "../catalog/table-facts.ts";
import { RelationNotFoundError } from "./load-errors.ts";
import { selectedTable } from "./load-spec.ts";
import type { Relation, ThroughNames } from "./relation.ts";

/** A relation whose columns are known. */
export interface ResolvedRelation {
  /** Fields of the given rows. */
  readonly from: readonly string[];
  /** What they are compared with, in the same order. */
  readonly keys: readonly ColumnFacts[];
  readonly table: TableFacts;
  readonly statement: KeyedStatement;
}

/**
 * Finds what the relation leaves out, in the catalog.
 *
 * @throws {RelationNotFoundError} when the foreign keys say nothing, or more than one thing
 * @throws {UnknownTableError}
 * @throws {UnknownColumnError}
 */
export async function resolveRelation(
  db: Queryable,
  relation: Relation<unknown>,
): Promise<ResolvedRelation> {
  const catalog = catalogOf(db);
  const { table, columns } = await selectedTable(db, relation.table, relation.list);
  const { from, to, keyTable, through } =
    relation.through === undefined
      ? {
          ...(await directColumns(catalog, relation, table)),
          keyTable: relation.table,
          through: undefined,
        }
      : await throughColumns(catalog, relation, relation.through, table);
  if (from.length !== to.length) {
    throw new InvalidArgumentError(
      "as many columns in `from` as in `to`",
      `${from.length} and ${to.length}`,
    );
  }
  const keys = await catalog.columns(keyTable, to);
  const { where, order, limit } = relation.list;
  const statement = keyedStatement({ table, keys, through, columns, where, order, limit });
  return { from, keys, table, statement };
}

interface Pairing {
  readonly from: readonly string[];
  readonly to: readonly string[];
}

async function directColumns(
  catalog: Catalog,
  { kind, from, to, of }: Relation<unknown>,
  table: TableFacts,
): Promise<Pairing> {
  if (from !== undefined && to !== undefined) return { from, to };
  if (kind === "belongsTo") {
    if (from === undefined) {
      const parent = await givenTable(catalog, of);
      const key = onlyKey(parent, table, { referenced: to });
      return { from: key.columns, to: key.referencedColumns };
    }
    if (table.primaryKey.length === from.length) return { from, to: table.primaryKey };
    throw new RelationNotFoundError(
      `that says which columns of ${table.name} ${from.join(", ")} refers to`,
      0,
    );
  }
  if (to !== undefined && of === undefined) {
    const matching = table.foreignKeys.filter(({ columns }) => isSame(columns, to));
    const [key] = matching;
    if (key === undefined || matching.length > 1) {
      throw new RelationNotFoundError(`on ${to.join(", ")} of ${table.name}`, matching.length);
    }
    return { from: key.referencedColumns, to };
  }
  const key = onlyKey(table, await givenTable(catalog, of), { columns: to, referenced: from });
  return { from: key.referencedColumns, to: key.columns };
}

async function throughColumns(
  catalog: Catalog,
  { from, to, of }: Relation<unknown>,
  names: ThroughNames,
  table: TableFacts,
): Promise<Pairing & { readonly keyTable: TableName; readonly through: Through }> {
  const pairs = await catalog.table(names.table);
  const isGiven = names.to !== undefined && to !== undefined;
  const toRows = isGiven
    ? { columns: names.to, referencedColumns: to }
    : onlyKey(pairs, table, { columns: names.to, referenced: to });
  const through = {
    table: pairs,
    columns: await catalog.columns(names.table, toRows.columns),
    equals: await catalog.columns(
      { schema: table.schema, name: table.name },
      toRows.referencedColumns,
    ),
  };
  if (names.from !== undefined && from !== undefined) {
    return { from, to: names.from, keyTable: names.table, through };
  }
  const others = pairs.foreignKeys.filter(({ columns }) => !isSame(columns, toRows.columns));
  const parent = of === undefined ? undefined : await catalog.table(of);
  const key = pick(
    others.filter(
      (other) =>
        (parent === undefined || refersTo(other, parent)) &&
        fits(other, { columns: names.from, referenced: from }),
    ),
    `of ${pairs.name} to the table of the given rows`,
  );
  return { from: key.referencedColumns, to: key.columns, keyTable: names.table, through };
}

interface KeyHint {
  readonly columns?: readonly string[] | undefined;
  readonly referenced?: readonly string[] | undefined;
}

function onlyKey(table: TableFacts, referenced: TableFacts, hint: KeyHint): ForeignKey {
  return pick(
    table.foreignKeys.filter((key) => refersTo(key, referenced) && fits(key, hint)),
    `of ${table.name} to ${referenced.name}`,
  );
}

function pick(keys: readonly ForeignKey[], wanted: string): ForeignKey {
  const [key] = keys;
  if (key === undefined || keys.length > 1) throw new RelationNotFoundError(wanted, keys.length);
  return key;
}

function refersTo({ referencedSchema, referencedTable }: ForeignKey, table: TableFacts): boolean {
  return referencedSchema === table.schema && referencedTable === table.name;
}

function fits(key: ForeignKey, { columns, referenced }: KeyHint): boolean {
  return (
    (columns === undefined || isSame(key.columns, columns)) &&
    (referenced === undefined || isSame(key.referencedColumns, referenced))
  );
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name, index) => name === right[index]);
}

function givenTable(catalog: Catalog, of: TableName | undefined): Promise<TableFacts> {
  if (of === undefined) {
    throw new InvalidArgumentError(
      "`from` and `to`, or `of`: the table of the given rows",
      undefined,
    );
  }
  return catalog.table(of);
}
