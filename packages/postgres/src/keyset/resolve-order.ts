import { InvalidArgumentError } from "@upshift/foundation";
import { catalogOf, type TableName } from "../catalog/catalog.ts";
import type { TableFacts } from "../catalog/table-facts.ts";
import type { Queryable } from "../connection/queryable.ts";
import { UnknownTableError } from "../postgres-errors.ts";
import { quoteIdentifier } from "../sql/quote-identifier.ts";
import { sharedSql } from "../sql/shared-sql.ts";
import { Sql, verbatim } from "../sql/sql.ts";
import { type KeyText, keyTextOf } from "./key-text.ts";
import type { KeysetSpec } from "./keyset-spec.ts";
import { keySql, type OrderKey, toOrderKeys, declaredTieBreakers, keysAfter } from "./order-key.ts";
import { type KeyOperators, type KeyType, readKeyTypes } from "./read-key-types.ts";
import { orderScope } from "./scope.ts";
import { readTableOrder, type TableOrder, type UniqueIndex } from "./read-table-order.ts";

/** An order with all that the server says of it: unique, and ready to be written into statements. */
export interface ResolvedOrder {
  readonly from: Sql;
  /** Of a table by name. */
  readonly table: TableFacts | undefined;
  readonly keys: readonly ResolvedKey[];
  /** Tells it from any other order, in its cursors. */
  readonly scope: string;
}

export interface ResolvedKey {
  /** With its collation. */
  readonly sql: Sql;
  /** Of a table's own column, which may stand in ORDER BY as it is: with its table's name it is never taken for a column of the result. */
  readonly column: string | undefined;
  readonly isAscending: boolean;
  readonly isNullsFirst: boolean;
  readonly isNullable: boolean;
  readonly isComposite: boolean;
  readonly isArray: boolean;
  readonly typeSqlName: string;
  /** As SQL, when it is not the key's own. */
  readonly collation: string | undefined;
  readonly operators: KeyOperators;
  readonly text: KeyText;
}

/**
 * Asks the server what it needs to know of an order.
 *
 * @throws {InvalidArgumentError} when the order is not unique and nothing is known that makes it so, or a key cannot be one
 * @throws {UnknownTableError}
 * @throws {UnknownColumnError}
 */
export async function resolveOrder(db: Queryable, spec: KeysetSpec): Promise<ResolvedOrder> {
  const { from } = spec;
  const order = await (from instanceof Sql
    ? resolveSql(db, spec, from)
    : resolveTable(db, spec, from));
  return { ...order, scope: orderScope(order) };
}

type UnscopedOrder = Omit<ResolvedOrder, "scope">;

/** @throws {InvalidArgumentError} what is wrong with a specification without asking a server */
export function assertSpec(spec: KeysetSpec): void {
  declaredTieBreakers(spec, toOrderKeys(spec));
  if (spec.from instanceof Sql && spec.isUnique !== true && spec.primaryKey === undefined) {
    throw new InvalidArgumentError(
      "`primaryKey`, keys that tell any two rows of SQL in `from` apart, or `isUnique: true` where the order does",
      "neither",
    );
  }
}

async function resolveSql(db: Queryable, spec: KeysetSpec, from: Sql): Promise<UnscopedOrder> {
  const asked = toOrderKeys(spec);
  const keys = [...asked, ...declaredTieBreakers(spec, asked)];
  const shared = sharedSql(from);
  const types = await readKeyTypes(db, shared, keys.map(keySql));
  return {
    from: shared,
    table: undefined,
    keys: zip(keys, types).map(([key, type], index) =>
      resolveKey({ ...key, column: undefined }, type, key.nullable ?? true, `${index + 1}`),
    ),
  };
}

async function resolveTable(
  db: Queryable,
  spec: KeysetSpec,
  name: TableName,
): Promise<UnscopedOrder> {
  const asked = toOrderKeys(spec);
  const declared = declaredTieBreakers(spec, asked);
  const names = [...asked, ...declared].flatMap(({ column }) => column ?? []);
  const { table, known } = await readTable(db, name, names);
  const from = verbatim(table.sqlName);
  const isDeclared = spec.isUnique === true || spec.primaryKey !== undefined;
  const unique = isDeclared ? undefined : uniqueKeyOf(table, known);
  const found = unique?.columns.map((column) => column.name) ?? [];
  const added = isDeclared ? declared : keysAfter(asked, found);
  const keys = [...asked, ...added].map((key) => qualify(key, table));
  const typed = zip(keys, await readKeyTypes(db, from, keys.map(keySql)));
  const order = typed.slice(0, asked.length);
  const isUnique =
    isDeclared || known.uniqueKeys.some((key) => key.isNullProof && coversAll(key, order));
  const rest = typed
    .slice(asked.length)
    .filter(([key]) => isDeclared || (!isUnique && !holds(order, unique, key.column)));
  return {
    from,
    table,
    keys: [...order, ...rest].map(([key, type]) => {
      const isProved = key.column !== undefined && known.notNull.has(key.column);
      return resolveKey(key, type, key.nullable ?? !isProved, key.column ?? "of an expression");
    }),
  };
}

/** A table that was made anew has another oid than the catalog remembers, and is read again. */
async function readTable(
  db: Queryable,
  name: TableName,
  columns: readonly string[],
): Promise<{ readonly table: TableFacts; readonly known: TableOrder }> {
  const catalog = catalogOf(db);
  await catalog.columns(name, columns);
  const table = await catalog.table(name);
  const known = await readTableOrder(db, table.oid);
  if (known !== undefined) return { table, known };
  catalog.forget(name);
  await catalog.columns(name, columns);
  const anew = await catalog.table(name);
  const order = await readTableOrder(db, anew.oid);
  if (order === undefined) throw new UnknownTableError(anew.schema, anew.name);
  return { table: anew, known: order };
}

/** @throws {InvalidArgumentError} */
function uniqueKeyOf(table: TableFacts, { uniqueKeys }: TableOrder): UniqueIndex {
  const key = uniqueKeys.find(({ isNullProof }) => isNullProof);
  if (key !== undefined) return key;
  throw new InvalidArgumentError(
    `a primary key or another unique key without NULLs on ${table.sqlName}, \`primaryKey\` with keys that tell its rows apart, or \`isUnique: true\` where the order does`,
    `a ${table.kind} without one`,
  );
}

function qualify(key: OrderKey, table: TableFacts): OrderKey {
  if (key.column === undefined) return key;
  const column = `${quoteIdentifier(table.name)}.${quoteIdentifier(key.column)}`;
  return { ...key, expression: verbatim(column) };
}

type TypedKey = readonly [OrderKey, KeyType];

function coversAll(unique: UniqueIndex, keys: readonly TypedKey[]): boolean {
  return unique.columns.every(({ name }) => holds(keys, unique, name));
}

/** The order has this column of the unique key, and takes no two of its values for equal that the unique key does not. */
function holds(
  keys: readonly TypedKey[],
  unique: UniqueIndex | undefined,
  column: string | undefined,
): boolean {
  const collationOid = unique?.columns.find(({ name }) => name === column)?.collationOid;
  return keys.some(
    ([key, type]) =>
      key.column === column && (type.isDeterministic || type.collationOid === collationOid),
  );
}

function resolveKey(key: OrderKey, type: KeyType, isNullable: boolean, name: string): ResolvedKey {
  return {
    sql: keySql(key),
    column: key.column,
    isAscending: key.isAscending,
    isNullsFirst: key.isNullsFirst,
    isNullable,
    isComposite: type.isComposite,
    isArray: type.isArray,
    typeSqlName: type.sqlName,
    collation: key.collation,
    operators: type.operators,
    text: keyTextOf(type, name),
  };
}

function zip(keys: readonly OrderKey[], types: readonly KeyType[]): readonly TypedKey[] {
  return keys.flatMap((key, index) => {
    const type = types[index];
    return type === undefined ? [] : [[key, type] as const];
  });
}
