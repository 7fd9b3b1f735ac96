import { joinSql, type Sql, sql, verbatim } from "../sql/sql.ts";
import { quoteIdentifier } from "../sql/quote-identifier.ts";
import { sharedSql } from "../sql/shared-sql.ts";
import { type Range, type RangeCondition, rangesAfter } from "./ranges.ts";
import type { ResolvedKey, ResolvedOrder } from "./resolve-order.ts";

/** The column that carries the keys of each row as text, beside what was selected. */
export const KEYS_COLUMN = "__upshift_keys";
const KEY_COLUMN = "__upshift_key_";

export interface PageStatementOptions {
  /** A value per key, `null` for NULL. The rows are those after it, in the walk's direction; `undefined` starts at the end that the walk comes from. */
  readonly position: readonly unknown[] | undefined;
  /** From the order's end to its start; rows come in that order. */
  readonly isBackward: boolean;
  /** Written into the text: with a parameter the server plans for a tenth of the table. */
  readonly limit: number;
  readonly where: Sql | undefined;
  readonly select: Sql;
  /** Of `select`, where they are known. */
  readonly outputNames: readonly string[] | undefined;
}

export interface PageStatement {
  readonly sql: Sql;
  /** Columns of the result that were not asked for, {@link KEYS_COLUMN} aside. */
  readonly hiddenNames: readonly string[];
}

/** The statement of one page; `undefined` when no row can come after the position. */
export function pageStatement(
  order: ResolvedOrder,
  options: PageStatementOptions,
): PageStatement | undefined {
  const keys = order.keys.map((key) => (options.isBackward ? flip(key) : key));
  const { position } = options;
  if (position === undefined) return oneRange(order, keys, options, undefined);
  const values = position.map((value, index) => keyValue(keys[index], value));
  const ranges = rangesAfter(
    keys.map((key) => ({ ...key, fitsRow: key.operators.areBuiltIn })),
    position.map((value) => value === null),
  ).map((range) => rangeSql(keys, values, range));
  const [range, ...more] = ranges;
  if (range === undefined) return undefined;
  return more.length === 0
    ? oneRange(order, keys, options, range)
    : manyRanges(order, keys, options, ranges);
}

function oneRange(
  order: ResolvedOrder,
  keys: readonly ResolvedKey[],
  options: PageStatementOptions,
  range: Sql | undefined,
): PageStatement {
  if (keys.every(({ column }) => column !== undefined)) {
    const sortKeys = keys.map((key) => sortKey(key, key.sql));
    return { sql: rangeRows(order, keys, options, range, [], sortKeys), hiddenNames: [] };
  }
  // An expression that is a mere name would be taken for the column of the result that has this name.
  return {
    sql: rangeRows(order, keys, options, range, namedKeys(keys), keys.map(sortByName)),
    hiddenNames: keys.map((_, index) => keyName(index)),
  };
}

/** Each range finds its own first rows by the index; what is merged is a few pages at most. */
function manyRanges(
  order: ResolvedOrder,
  keys: readonly ResolvedKey[],
  options: PageStatementOptions,
  ranges: readonly Sql[],
): PageStatement {
  const named = namedKeys(keys);
  const sortKeys = keys.map(sortByName);
  const parts = ranges.map(
    (range) => sql`(${rangeRows(order, keys, options, range, named, sortKeys)})`,
  );
  const { outputNames } = options;
  const output = outputNames?.map(quoteIdentifier);
  return {
    sql: sql`SELECT ${verbatim(output === undefined ? "*" : [...output, KEYS_COLUMN].join(", "))}
FROM (
${joinSql(parts, verbatim("\nUNION ALL\n"))}
) AS page
ORDER BY ${joinSql(sortKeys, COMMA)}
LIMIT ${verbatim(String(options.limit))}`,
    hiddenNames: output === undefined ? keys.map((_, index) => keyName(index)) : [],
  };
}

const COMMA = verbatim(", ");
const AND = verbatim(" AND ");

function rangeRows(
  order: ResolvedOrder,
  keys: readonly ResolvedKey[],
  { where, select, limit }: PageStatementOptions,
  range: Sql | undefined,
  named: readonly Sql[],
  sortKeys: readonly Sql[],
): Sql {
  const conditions = [...(where === undefined ? [] : [sql`(${where})`]), ...(range ? [range] : [])];
  // Arguments of one function must agree in their collations, and those of keys need not.
  const texts = keys.map((key) => sql`(${key.text.write(key.sql)}) COLLATE pg_catalog."C"`);
  const columns = [
    select,
    sql`pg_catalog.json_build_array(${joinSql(texts, COMMA)})::pg_catalog.text AS ${verbatim(KEYS_COLUMN)}`,
    ...named,
  ];
  const filter = conditions.length === 0 ? sql`` : sql`\nWHERE ${joinSql(conditions, AND)}`;
  return sql`SELECT ${joinSql(columns, COMMA)}
FROM ${order.from}${filter}
ORDER BY ${joinSql(sortKeys, COMMA)}
LIMIT ${verbatim(String(limit))}`;
}

function keyName(index: number): string {
  return `${KEY_COLUMN}${index + 1}`;
}

function namedKeys(keys: readonly ResolvedKey[]): readonly Sql[] {
  return keys.map((key, index) => sql`${key.sql} AS ${verbatim(keyName(index))}`);
}

function sortByName(key: ResolvedKey, index: number): Sql {
  return sortKey(key, verbatim(keyName(index)));
}

/** `NULLS …` only where it says something: ordinary indexes have PostgreSQL's own placement, and a column without NULLs is no exception to that. */
function sortKey(key: ResolvedKey, by: Sql): Sql {
  const isPlacedAsUsual = key.isNullsFirst === !key.isAscending;
  const nulls = isPlacedAsUsual || !key.isNullable ? "" : nullsWords(key);
  return sql`${by} ${verbatim(`${key.isAscending ? "ASC" : "DESC"}${nulls}`)}`;
}

function nullsWords({ isNullsFirst }: ResolvedKey): string {
  return isNullsFirst ? " NULLS FIRST" : " NULLS LAST";
}

function flip(key: ResolvedKey): ResolvedKey {
  return { ...key, isAscending: !key.isAscending, isNullsFirst: !key.isNullsFirst };
}

/** Goes as text with every driver; in a row comparison each value once, whichever ranges use it. */
function keyValue(key: ResolvedKey | undefined, value: unknown): Sql {
  if (key === undefined || value === null) return verbatim("NULL");
  return sharedSql(key.text.read(sql`${value}::pg_catalog.text`));
}

function rangeSql(keys: readonly ResolvedKey[], values: readonly Sql[], range: Range): Sql {
  return joinSql(
    range.map((condition) => conditionSql(keys, values, condition)),
    AND,
  );
}

function conditionSql(
  keys: readonly ResolvedKey[],
  values: readonly Sql[],
  condition: RangeCondition,
): Sql {
  if (condition.is === "beyond") return beyondSql(keys, values, condition);
  const key = keys[condition.key];
  const value = values[condition.key];
  if (key === undefined || value === undefined) return sql`false`;
  if (condition.is === "equal") return equalSql(key, value, condition.key === 0);
  const isNot = condition.is === "not null";
  // `IS NULL` is also true of a composite whose fields are all NULL, which ORDER BY takes for a value.
  const words = key.isComposite
    ? `IS ${isNot ? "" : "NOT "}DISTINCT FROM NULL`
    : `IS ${isNot ? "NOT " : ""}NULL`;
  return sql`${key.sql} ${verbatim(words)}`;
}

/**
 * The planner takes a column that `=` fixes out of ORDER BY, and then any index on the rest of the keys will do: to go down the primary key and drop whatever has
 * another first key looks cheap, until the rows that tie end and it reads the rest of the table. `= ANY` of one value leaves the first key in the order, so that only
 * an index that begins with it can serve.
 */
function equalSql(key: ResolvedKey, value: Sql, isFirst: boolean): Sql {
  const equal = verbatim(key.operators.equal);
  // An array of arrays is one array to PostgreSQL.
  if (!isFirst || key.isArray || key.isComposite) return sql`${key.sql} ${equal} ${value}`;
  return sql`${key.sql} ${equal} ANY (ARRAY[${value}])`;
}

function beyondSql(
  keys: readonly ResolvedKey[],
  values: readonly Sql[],
  { first, last }: { readonly first: number; readonly last: number },
): Sql {
  const run = keys.slice(first, last + 1);
  const [key] = run;
  if (key === undefined) return sql`false`;
  const operator = verbatim(key.isAscending ? key.operators.greater : key.operators.less);
  const left = joinSql(
    run.map((each) => each.sql),
    COMMA,
  );
  const right = joinSql(values.slice(first, last + 1), COMMA);
  return sql`(${left}) ${operator} (${right})`;
}
