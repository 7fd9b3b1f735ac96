import type { TableFacts } from "../../catalog/table-facts.ts";
import { touchedRowCount } from "../../connection/run-statement.ts";
import { ColumnSets } from "../input/column-sets.ts";
import type { BatchOperation } from "../run/batch-operation.ts";
import type { Key } from "../statement/conflict-sql.ts";
import { findRepeats } from "../statement/repeats.ts";
import { type Returning, returningSql } from "../statement/returning.ts";
import { unnestSource } from "../statement/row-source-sql.ts";
import { selectByKeySql, updateSql } from "../statement/update-sql.ts";
import { keepReturned } from "./numbered-rows.ts";
import { keyedRows } from "./keyed-rows.ts";
import { inWaves } from "./waves.ts";

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
      const repeats = await findRepeats(connection, table, key, keyedRows(chunk));
      // The first row of every key, then the second of those that have one: no statement has a key twice, and each key's rows keep their order.
      const waveOf = new Map([...repeats].map(([index, { nth }]) => [index, nth]));
      return inWaves(table, chunk, waveOf);
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
        isPrepared: source.isPrepared,
      });
      if (returning !== undefined) keepReturned(result.rows, source, returning, outcome);
      if (!isOnlyKey) outcome.rowCount += touchedRowCount(result);
    },
  };
}
