import type { Connection } from "../../connection/connection.ts";
import type { TableFacts } from "../../catalog/table-facts.ts";
import { valueTextOf } from "../encode/value-text.ts";
import type { ColumnSet, InputRow } from "../input/column-sets.ts";
import { GroupBuilder, type RowGroup } from "../input/row-group.ts";
import type { Key } from "./conflict-sql.ts";
import { exactKey } from "./exact-key.ts";
import { unnestSource } from "./row-source-sql.ts";

/** An input row whose key comes more than once. */
export interface Repeat {
  /** From 1: how many rows with this key there are up to and with this one. */
  readonly nth: number;
  /** Index in the input of the last row with this key. */
  readonly lastIndex: number;
}

interface RepeatRow {
  readonly o: unknown;
  readonly nth: unknown;
  readonly last: unknown;
}

export interface KeyedRow {
  readonly row: InputRow;
  readonly index: number;
}

/**
 * The rows whose key comes more than once among them, by their index in the input. Rows that lack a column of the key are not
 * looked at.
 *
 * Whether two keys are one is for PostgreSQL to say: citext, `1` and `1.0`, a collation, a timestamp in two spellings, what the column's length makes of
 * a value. It is asked, except where the values as they are prove it (`exact-key.ts`).
 */
export async function findRepeats(
  connection: Connection,
  table: TableFacts,
  key: Key,
  rows: Iterable<KeyedRow>,
): Promise<ReadonlyMap<number, Repeat>> {
  const names = key.columns.map(({ column }) => column.name);
  const keyed = [...rows].filter(({ row }) =>
    names.every((name) => Object.hasOwn(row, name) && row[name] !== undefined),
  );
  if (keyed.length < 2) return new Map();
  const proved = repeatsByValue(key, keyed);
  if (proved !== undefined) return proved;
  const keys = keyGroup(table, key, keyed);
  const source = unnestSource(table, keys);
  const result = await connection.run<RepeatRow>({
    text: repeatsSql(key, source.from, (place) => {
      const column = key.columns[place];
      return column === undefined ? "" : column.stored(source.valueOf(column.column));
    }),
    values: source.values,
    isPrepared: true,
  });
  return new Map(
    result.rows.map(({ o, nth, last }) => [
      source.indexOf(Number(o)),
      { nth: Number(nth), lastIndex: source.indexOf(Number(last)) },
    ]),
  );
}

/** `o` and `last` are row numbers of the source; all three are int8. */
export function repeatsSql(key: Key, from: string, valueOf: (place: number) => string): string {
  const values = key.columns.map((_, place) => `${valueOf(place)} AS k${place}`).join(", ");
  const same = key.columns.map(({ collate }, place) => `r.k${place}${collate}`).join(", ");
  // A NULL is the same as no other value, unless the key says so.
  const comparable = key.isNullProof
    ? ""
    : ` WHERE ${key.columns.map((_, place) => `r.k${place} IS NOT NULL`).join(" AND ")}`;
  return `SELECT d.row_number AS o, d.nth, d.last FROM (
  SELECT r.row_number, row_number() OVER (PARTITION BY ${same} ORDER BY r.row_number) AS nth, max(r.row_number) OVER (PARTITION BY ${same}) AS last
  FROM (SELECT ${values}, u.row_number ${from}) AS r${comparable}
) AS d WHERE d.nth > 1 OR d.row_number <> d.last`;
}

function repeatsByValue(
  key: Key,
  rows: readonly KeyedRow[],
): ReadonlyMap<number, Repeat> | undefined {
  const exact = exactKey(key);
  if (exact === undefined) return undefined;
  const indexesOf = new Map<string, number[]>();
  let hasRepeats = false;
  for (const { row, index } of rows) {
    const text = exact(row);
    if (text === undefined) return undefined;
    if (text === "") continue;
    const same = indexesOf.get(text);
    if (same === undefined) indexesOf.set(text, [index]);
    else hasRepeats = same.push(index) > 1;
  }
  if (!hasRepeats) return new Map();
  const repeats = new Map<number, Repeat>();
  for (const indexes of indexesOf.values()) {
    if (indexes.length === 1) continue;
    const ordered = indexes.toSorted((left, right) => left - right);
    const lastIndex = ordered.at(-1) ?? -1;
    for (const [at, index] of ordered.entries()) repeats.set(index, { nth: at + 1, lastIndex });
  }
  return repeats;
}

/** The keys alone, in the order of the input. */
function keyGroup(table: TableFacts, key: Key, rows: readonly KeyedRow[]): RowGroup {
  const columns = key.columns.map(({ column }) => column);
  const set: ColumnSet = {
    number: 0,
    columns,
    names: columns.map(({ name }) => name),
    texts: columns.map(({ type }) => valueTextOf(type)),
  };
  const builder = new GroupBuilder(table, set);
  for (const { row, index } of rows.toSorted((left, right) => left.index - right.index))
    builder.add(row, index);
  return builder.build();
}
