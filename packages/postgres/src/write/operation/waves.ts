import type { TableFacts } from "../../catalog/table-facts.ts";
import type { Chunk } from "../input/chunk-reader.ts";
import { pickRows, type RowGroup } from "../input/row-group.ts";

/**
 * The rows of a chunk wave by wave, from the first on.
 *
 * @param waveOf - by index in the input; rows that are not in it are in wave 1
 */
export function inWaves(
  table: TableFacts,
  { groups }: Chunk,
  waveOf: ReadonlyMap<number, number>,
): readonly RowGroup[] {
  if (waveOf.size === 0) return groups;
  const waves = new Map<number, RowGroup[]>();
  for (const group of groups) {
    const placesOf = new Map<number, number[]>();
    for (const [place, index] of group.indexes.entries()) {
      const wave = waveOf.get(index) ?? 1;
      const places = placesOf.get(wave);
      if (places === undefined) placesOf.set(wave, [place]);
      else places.push(place);
    }
    for (const [number, places] of placesOf) {
      const wave = waves.get(number) ?? [];
      waves.set(number, wave);
      wave.push(pickRows(table, group, places));
    }
  }
  return [...waves].toSorted(([left], [right]) => left - right).flatMap(([, wave]) => wave);
}
