import type { Row } from "../../connection/queryable.ts";

/** What a write has done so far. One attempt has one of its own. */
export class Outcome {
  /** Rows that the table got, changed or lost. */
  rowCount = 0;
  /** Rows of the input that gave way to a later one with the same key. */
  duplicateCount = 0;
  // A row has the columns that `returning` names; the caller, who named them, says its type.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly #rows = new Map<number, any>();
  readonly #followers = new Map<number, number>();

  setRow(index: number, row: Row): void {
    this.#rows.set(index, row);
  }

  /** The row at `index` gave way to the one at `lastIndex`, and has its result. */
  follow(index: number, lastIndex: number): void {
    this.#followers.set(index, lastIndex);
  }

  /** Takes in what a part has done. */
  add(part: Outcome): void {
    this.rowCount += part.rowCount;
    this.duplicateCount += part.duplicateCount;
    for (const [index, row] of part.#rows) this.#rows.set(index, row);
    for (const [index, lastIndex] of part.#followers) this.#followers.set(index, lastIndex);
  }

  /** One per row of the input, in its order; `null` where nothing came back. */
  // oxlint-disable-next-line typescript/no-explicit-any
  rowsOf(inputCount: number): readonly any[] {
    return Array.from(
      { length: inputCount },
      (_, index) => this.#rows.get(this.#followers.get(index) ?? index) ?? null,
    );
  }
}
