import { pickAll, type RowGroup } from "../input/row-group.ts";
import { badRow } from "../run/bad-row.ts";
import type { BatchOperation } from "../run/batch-operation.ts";
import { locateBadRow } from "../run/locate-bad-row.ts";
import { suspectOf } from "../run/group-part.ts";
import { Outcome } from "../run/outcome.ts";
import type { RunOptions } from "../run/run-chunks.ts";
import { writeCarefully } from "../run/write-carefully.ts";
import { partsOf } from "../run/write-chunk.ts";
import type { CopyRejection } from "./copy-rejection.ts";

/**
 * The error for a row that COPY refused, by writing what it may have been in a transaction that is undone: the row that the server named, else the rows
 * of that COPY.
 *
 * @returns the server's own error where no row can be named
 * @throws `signal.reason`
 */
export async function locateCopied(
  options: Pick<RunOptions, "db" | "signal">,
  operation: BatchOperation,
  rejection: CopyRejection,
): Promise<unknown> {
  const { cause, place } = rejection;
  const groups = suspects(operation, rejection);
  const found = await locateBadRow(options, async (connection) => {
    const parts = partsOf(operation, groups, new Outcome());
    await writeCarefully(connection, operation.table, parts, { isPartial: true });
    const [group] = groups;
    if (place === undefined || group === undefined) return;
    // Alone it can be written: it conflicts with another row of the input.
    throw await badRow(connection, suspectOf(operation, group), cause);
  });
  return found ?? cause;
}

function suspects(
  { table, sets }: BatchOperation,
  { group, place }: CopyRejection,
): readonly RowGroup[] {
  const bySet = new Map<RowGroup["set"], { rows: typeof group.rows; indexes: number[] }>();
  for (const [at, row] of group.rows.entries()) {
    if (place !== undefined && place !== at) continue;
    const index = group.indexes[at] ?? -1;
    const set = sets.of(row, index);
    const known = bySet.get(set) ?? { rows: [], indexes: [] };
    bySet.set(set, known);
    known.rows.push(row);
    known.indexes.push(index);
  }
  return [...bySet].map(([set, { rows, indexes }]) => pickAll(table, { set, rows, indexes }));
}
