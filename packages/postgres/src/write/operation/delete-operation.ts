import type { TableFacts } from "../../catalog/table-facts.ts";
import { touchedRowCount } from "../../connection/run-statement.ts";
import { ColumnSets } from "../input/column-sets.ts";
import type { BatchOperation } from "../run/batch-operation.ts";
import type { Key } from "../statement/conflict-sql.ts";
import { type Returning, returningSql } from "../statement/returning.ts";
import { unnestSource } from "../statement/row-source-sql.ts";
import { deleteSql } from "../statement/update-sql.ts";
import { keepReturned } from "./numbered-rows.ts";

export interface DeleteOperationOptions {
  readonly key: Key;
  readonly returning: Returning | undefined;
}

/** Deletes by key. */
export function deleteOperation(
  table: TableFacts,
  { key, returning: names }: DeleteOperationOptions,
): BatchOperation {
  const keyNames = key.columns.map(({ column }) => column.name);
  const returning = names === undefined ? undefined : returningSql(table, names);
  return {
    table,
    sets: new ColumnSets(table, { identity: "refuse", key: keyNames }),
    isOneStatement: true,
    arrange: async (_, { groups }) => groups,
    async write(connection, group, outcome) {
      const source = unnestSource(table, group);
      const result = await connection.run({
        text: deleteSql({ table, key, source, returning }),
        values: source.values,
        isPrepared: source.isPrepared,
      });
      if (returning !== undefined) keepReturned(result.rows, source, returning, outcome);
      outcome.rowCount += touchedRowCount(result);
    },
  };
}
