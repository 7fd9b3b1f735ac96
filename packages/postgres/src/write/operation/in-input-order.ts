import type { TableFacts } from "../../catalog/table-facts.ts";
import type { Connection } from "../../connection/connection.ts";
import type { Chunk } from "../input/chunk-reader.ts";
import type { RowGroup } from "../input/row-group.ts";
import { toKey } from "../statement/conflict-sql.ts";
import { findRepeats } from "../statement/repeats.ts";
import { inWaves } from "./waves.ts";
import { keyedRows } from "./keyed-rows.ts";

/** Groups such that of two rows which share a unique key the one that comes first in the input is written first, though they have different columns. */
export async function inInputOrder(
  connection: Connection,
  table: TableFacts,
  chunk: Chunk,
): Promise<readonly RowGroup[]> {
  const rows = keyedRows(chunk).toSorted((left, right) => left.index - right.index);
  const repeatsOfKeys = [];
  for (const key of table.uniqueKeys)
    repeatsOfKeys.push(await findRepeats(connection, table, toKey(table, key), rows));
  const waveOf = new Map<number, number>();
  const lastWaves = repeatsOfKeys.map(() => new Map<number, number>());
  for (const { index } of rows) {
    const shared = repeatsOfKeys.flatMap((repeats, at) => {
      const repeat = repeats.get(index);
      const lastWave = lastWaves[at];
      return repeat === undefined || lastWave === undefined ? [] : [{ repeat, lastWave }];
    });
    if (shared.length === 0) continue;
    // Behind every row before it that has a key in common. The last row with a key stands for all that have it.
    const before = shared.map(({ repeat, lastWave }) => lastWave.get(repeat.lastIndex) ?? 0);
    const wave = Math.max(...before) + 1;
    waveOf.set(index, wave);
    for (const { repeat, lastWave } of shared) lastWave.set(repeat.lastIndex, wave);
  }
  return inWaves(table, chunk, waveOf);
}
