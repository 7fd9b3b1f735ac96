import { pickColumn, pickRows, type RowGroup } from "../input/row-group.ts";
import { unnestSource } from "../statement/row-source-sql.ts";
import type { Suspect } from "./bad-row.ts";
import type { BatchOperation } from "./batch-operation.ts";
import type { Outcome } from "./outcome.ts";
import type { Part } from "./write-carefully.ts";

/** Rows of a group as a part that can be halved. */
export function groupPart(operation: BatchOperation, group: RowGroup, outcome: Outcome): Part {
  const { table } = operation;
  const rowCount = group.rows.length;
  const pick = (from: number, to: number): Part =>
    groupPart(operation, pickRows(table, group, range(from, to)), outcome);
  return {
    rowCount,
    write: (connection) => operation.write(connection, group, outcome),
    halves: () => [pick(0, rowCount >> 1), pick(rowCount >> 1, rowCount)],
    suspect: async () => suspectOf(operation, group),
  };
}

/** The first row of a group. */
export function suspectOf({ table }: BatchOperation, group: RowGroup): Suspect {
  const first = pickRows(table, group, [0]);
  return {
    table,
    index: group.indexes[0] ?? -1,
    columns: group.set.columns,
    only: (column) => unnestSource(table, pickColumn(table, first, column)),
  };
}

function* range(from: number, to: number): Iterable<number> {
  for (let place = from; place < to; place += 1) yield place;
}
