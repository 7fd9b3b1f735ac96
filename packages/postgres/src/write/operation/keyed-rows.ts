import type { Chunk } from "../input/chunk-reader.ts";
import type { KeyedRow } from "../statement/repeats.ts";

/** The rows of a chunk, group by group. */
export function keyedRows({ groups }: Chunk): readonly KeyedRow[] {
  return groups.flatMap(({ rows, indexes }) =>
    rows.map((row, place) => ({ row, index: indexes[place] ?? -1 })),
  );
}
