import type { TableFacts } from "../../catalog/table-facts.ts";
import { touchedRowCount } from "../../connection/run-statement.ts";
import type { Chunk } from "../input/chunk-reader.ts";
import { ColumnSets } from "../input/column-sets.ts";
import { pickRows, type RowGroup } from "../input/row-group.ts";
import type { BatchOperation } from "../run/batch-operation.ts";
import type { Key } from "../statement/conflict-sql.ts";
import { findRepeats, type Repeat } from "../statement/repeats.ts";
import { type Returning, returningSql } from "../statement/returning.ts";
import { unnestSource } from "../statement/row-source-sql.ts";
import { selectByKeySql, updateSql } from "../statement/update-sql.ts";
import { keepReturned } from "./numbered-rows.ts";
import { keyedRows } from "./upsert-operation.ts";

export interface UpdateOperationOptions {
  readonly key: Key;
  readonly returning: Returning | undefined;
}

/** Updates by key. Rows of the input with one key are written one after the other, each of them. */
export function updateOperation(
  table: TableFacts,
  { key, returning: names }: UpdateOperationOptions,
): BatchOperation {
  const keyNames = key.columns.map(({ column }) => column.name);
  const returning = names === undefined ? undefined : returningSql(table, names);
  return {
    table,
    sets: new ColumnSets(table, { identity: "refuse", key: keyNames }),
    isOneStatement: true,
    async arrange(connection, chunk) {
      return inWaves(table, chunk, await findRepeats(connection, table, key, keyedRows(chunk)));
    },
    async write(connection, group, outcome) {
      const source = unnestSource(table, group);
      const set = group.set.columns.filter(({ name }) => !keyNames.includes(name));
      const isOnlyKey = set.length === 0;
      // A row with nothing but its key changes nothing.
      if (isOnlyKey && returning === undefined) return;
      const result = await connection.run({
        text:
          isOnlyKey && returning !== undefined
            ? selectByKeySql({ table, key, source, returning })
            : updateSql({ table, key, source, set, returning }),
        values: source.values,
        isPrepared: true,
      });
      if (returning !== undefined) keepReturned(result.rows, source, returning, outcome);
      if (!isOnlyKey) outcome.rowCount += touchedRowCount(result);
    },
  };
}

/** The first row of every key, then the second of those that have one, and so on: no statement has a key twice, and the order of the input holds for each key. */
function inWaves(
  table: TableFacts,
  { groups }: Chunk,
  repeats: ReadonlyMap<number, Repeat>,
): readonly RowGroup[] {
  if (repeats.size === 0) return groups;
  const waves = new Map<number, RowGroup[]>();
  for (const group of groups) {
    const places = new Map<number, number[]>();
    for (const [place, index] of group.indexes.entries()) {
      const nth = repeats.get(index)?.nth ?? 1;
      const known = places.get(nth);
      if (known === undefined) places.set(nth, [place]);
      else known.push(place);
    }
    for (const [nth, wanted] of places) {
      const wave = waves.get(nth) ?? [];
      waves.set(nth, wave);
      wave.push(pickRows(table, group, wanted));
    }
  }
  return [...waves].toSorted(([left], [right]) => left - right).flatMap(([, wave]) => wave);
}
