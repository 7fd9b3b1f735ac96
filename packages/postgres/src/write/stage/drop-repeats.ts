import type { Connection } from "../../connection/connection.ts";
import type { BatchOperation } from "../run/batch-operation.ts";
import type { Outcome } from "../run/outcome.ts";
import type { Key } from "../statement/conflict-sql.ts";
import { repeatsSql } from "../statement/repeats.ts";
import type { StageTable } from "./stage-table.ts";

/** Of the rows with one key, leaves the last. */
export async function dropRepeats(
  connection: Connection,
  operation: BatchOperation,
  stage: StageTable,
  key: Key,
  outcome: Outcome,
): Promise<void> {
  const names = key.columns.map(({ column }) => column.name);
  // A row that lacks a column of the key gets its default: nobody knows its key yet.
  const keyed = operation.sets.known
    .filter((set) => names.every((name) => set.names.includes(name)))
    .map(({ number }) => number);
  if (keyed.length === 0) return;
  const from = `FROM ${stage.sqlName} AS u WHERE u.set_number IN (${keyed.join(", ")})`;
  const repeats = repeatsSql(key, from, (place) => {
    const column = key.columns[place];
    return column === undefined ? "" : column.stored(stage.valueOf(column.column));
  });
  const { rows } = await connection.run<{ readonly o: unknown; readonly last: unknown }>({
    text: `WITH r AS (${repeats}) DELETE FROM ${stage.sqlName} AS u USING r WHERE u.row_number = r.o AND r.o <> r.last RETURNING r.o, r.last`,
    values: [],
  });
  for (const { o, last } of rows) outcome.follow(Number(o), Number(last));
  outcome.duplicateCount += rows.length;
}
