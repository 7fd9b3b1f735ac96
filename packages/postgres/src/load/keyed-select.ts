import type { ColumnFacts, TableFacts } from "../catalog/table-facts.ts";
import { keySql, type OrderKey } from "../keyset/order-key.ts";
import { quoteIdentifier } from "../sql/quote-identifier.ts";
import { type CompiledSql, joinSql, sql, type Sql, verbatim } from "../sql/sql.ts";

/** Rows of a table for many keys at once. */
export interface KeyedSelect {
  readonly table: TableFacts;
  /** What the keys are compared with: columns of the table, or of the one it is reached through. */
  readonly keys: readonly ColumnFacts[];
  readonly through: Through | undefined;
  readonly columns: readonly ColumnFacts[];
  readonly where: Sql | undefined;
  readonly order: readonly OrderKey[];
  /** Rows of each key. */
  readonly limit: number | undefined;
}

/** A table that holds pairs: one side the keys, the other the rows. */
export interface Through {
  readonly table: TableFacts;
  /** Columns of it, and the columns of the rows' table that they equal, pairwise. */
  readonly columns: readonly ColumnFacts[];
  readonly equals: readonly ColumnFacts[];
}

/** The statement for a {@link KeyedSelect}: made once, run with any number of keys. */
export interface KeyedStatement {
  /** @param arrays - for each key column its values, as the text of an array */
  with(arrays: readonly string[]): CompiledSql;
  /** The column that says which key a row belongs to, counted from 1. */
  readonly placeColumn: string;
  /** The others. */
  readonly columnNames: readonly string[];
}

/** In one statement with the rows' table an unquoted or sane name of the program's own cannot mean it. */
const KEYS = `"upshift:keys"`;
const THROUGH = `"through"`;

/**
 * Keys and rows meet in the server: a key is equal as the column's own `=` says, however it is written. The keys travel as the text of an array of texts, which every driver
 * sends as it is, and are read as the column's type one by one.
 *
 * The rows of a key come from a LATERAL subquery. Without a limit the planner makes a plain join of it; with one, each key stops after its rows, on an index over
 * key and order without reading more.
 */
export function keyedStatement(select: KeyedSelect): KeyedStatement {
  const { table, keys, through, columns, where, order, limit } = select;
  const placeColumn = unusedName("upshift:place", columns);
  const place = `${KEYS}.${quoteIdentifier(placeColumn)}`;
  const keyNames = keys.map((_, index) => `"upshift:key_${index + 1}"`);
  const arrays = keys.map(
    (_, index) => `pg_catalog.unnest($${index + 1}::pg_catalog.text::pg_catalog.text[])`,
  );
  const keySource = through === undefined ? table.sqlName : THROUGH;
  const matches = keys.map(
    ({ sqlName, type }, index) =>
      `${keySource}.${sqlName} = ${KEYS}.${keyNames[index]}::${type.baseSqlName}`,
  );
  const orders = order.map((key, index) => ({
    value: orderValue(key, table),
    name: verbatim(quoteIdentifier(unusedName(`upshift:order_${index + 1}`, columns))),
    manner: verbatim(
      `${key.isAscending ? "ASC" : "DESC"} NULLS ${key.isNullsFirst ? "FIRST" : "LAST"}`,
    ),
  }));
  const list = joinSql(
    [
      ...columns.map(({ sqlName }) => verbatim(`${table.sqlName}.${sqlName}`)),
      ...orders.map(({ value, name }) => sql`${value} AS ${name}`),
    ],
    COMMA,
  );
  const byOrder = joinSql(
    orders.map(({ name, manner }) => sql`${name} ${manner}`),
    COMMA,
  );
  const limited =
    limit === undefined
      ? NOTHING
      : sql`${order.length === 0 ? NOTHING : sql` ORDER BY ${byOrder}`} LIMIT ${verbatim(String(limit))}`;
  const rows = sql`SELECT ${list} FROM ${verbatim(source(select))} WHERE ${verbatim(matches.join(" AND "))}${condition(where)}${limited}`;
  const result = [
    ...columns.map(({ sqlName }) => `found.${sqlName}`),
    `${place}::pg_catalog.int4 AS ${quoteIdentifier(placeColumn)}`,
  ].join(", ");
  const inOrder =
    order.length === 0
      ? NOTHING
      : sql` ORDER BY ${verbatim(place)}, ${joinSql(
          orders.map(({ name, manner }) => sql`found.${name} ${manner}`),
          COMMA,
        )}`;
  const statement = sql`SELECT ${verbatim(result)} FROM ROWS FROM (${verbatim(arrays.join(", "))}) WITH ORDINALITY AS ${verbatim(
    `${KEYS}(${[...keyNames, quoteIdentifier(placeColumn)].join(", ")})`,
  )} CROSS JOIN LATERAL (${rows}) AS found${inOrder}`;
  return {
    with: (texts) => statement.compile(texts),
    placeColumn,
    columnNames: columns.map(({ name }) => name),
  };
}

const COMMA = verbatim(", ");
const NOTHING = verbatim("");

function source({ table, through }: KeyedSelect): string {
  if (through === undefined) return table.sqlName;
  const matches = through.columns.map(
    ({ sqlName }, index) =>
      `${THROUGH}.${sqlName} = ${table.sqlName}.${through.equals[index]?.sqlName ?? ""}`,
  );
  return `${through.table.sqlName} AS ${THROUGH} JOIN ${table.sqlName} ON ${matches.join(" AND ")}`;
}

/** The line break ends a comment that the condition ends with. */
function condition(where: Sql | undefined): Sql {
  return where === undefined ? NOTHING : sql` AND (${where}\n)`;
}

/** A column is the table's own, also beside the columns of a table it is reached through. */
function orderValue(key: OrderKey, table: TableFacts): Sql {
  if (key.column === undefined) return keySql(key);
  const expression = verbatim(`${table.sqlName}.${quoteIdentifier(key.column)}`);
  return keySql({ ...key, expression });
}

function unusedName(name: string, columns: readonly ColumnFacts[]): string {
  const isUsed = columns.some((column) => column.name === name);
  return isUsed ? unusedName(`${name}_`, columns) : name;
}
