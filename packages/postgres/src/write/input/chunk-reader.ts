import type { TableFacts } from "../../catalog/table-facts.ts";
import type { ColumnSet, ColumnSets } from "./column-sets.ts";
import { GroupBuilder, type RowGroup } from "./row-group.ts";
import type { RowReader } from "./row-source.ts";

/** Rows of the input, one after the other, grouped by their columns in the order of first appearance. */
export interface Chunk {
  readonly firstIndex: number;
  readonly inputCount: number;
  readonly groups: readonly RowGroup[];
}

/** Characters of values per chunk. Far below the 1 GB of a message, far above the 5,000 rows of a usual table. */
const MAX_CHUNK_CHARACTERS = 8 * 1024 * 1024;

export interface ChunkReaderOptions {
  readonly table: TableFacts;
  readonly reader: RowReader;
  readonly sets: ColumnSets;
  /** Rows per chunk at most. */
  readonly rowCount: number;
  /** Makes a row of what the source gives. */
  readonly toRow: ((item: unknown) => unknown) | undefined;
}

/** Cuts a source into chunks, reading no row before the one before it is taken. */
export class ChunkReader {
  readonly #options: ChunkReaderOptions;
  #nextIndex = 0;
  #isAtEnd = false;

  constructor(options: ChunkReaderOptions) {
    this.#options = options;
  }

  /** Index of the first row that no chunk has yet. */
  get nextIndex(): number {
    return this.#nextIndex;
  }

  /**
   * @returns `undefined` when there are no more rows
   * @throws {BadRowError} and what the source throws
   */
  async next(): Promise<Chunk | undefined> {
    const { table, reader, sets, rowCount, toRow } = this.#options;
    const builders = new Map<ColumnSet, GroupBuilder>();
    const firstIndex = this.#nextIndex;
    let characters = 0;
    while (
      !this.#isAtEnd &&
      this.#nextIndex - firstIndex < rowCount &&
      characters < MAX_CHUNK_CHARACTERS
    ) {
      const taken = reader.next();
      const item = taken instanceof Promise ? await taken : taken;
      if (item === undefined) {
        this.#isAtEnd = true;
        break;
      }
      const index = this.#nextIndex;
      const row = sets.row(toRow === undefined ? item.row : toRow(item.row), index);
      const set = sets.of(row, index);
      let builder = builders.get(set);
      if (builder === undefined) builders.set(set, (builder = new GroupBuilder(table, set)));
      characters += builder.add(row, index) + 1;
      this.#nextIndex += 1;
    }
    const inputCount = this.#nextIndex - firstIndex;
    if (inputCount === 0) return undefined;
    const groups = [...builders.values()].map((builder) => builder.build());
    return { firstIndex, inputCount, groups };
  }
}
