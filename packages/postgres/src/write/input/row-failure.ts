import type { TableFacts } from "../../catalog/table-facts.ts";
import { BadRowError } from "../write-errors.ts";
import { type ColumnSet, type InputRow, tableLabel } from "./column-sets.ts";

/** What a value that could not be written as text becomes. */
export function columnFailure(
  table: TableFacts,
  index: number,
  column: string | undefined,
  error: unknown,
): unknown {
  // A TypeError is ours. What a `toJSON`, a getter or a `toPostgres` of the program throws passes through.
  if (!(error instanceof TypeError)) return error;
  const columns = column === undefined ? [] : [column];
  return new BadRowError({ index, table: tableLabel(table), columns, reason: error.message });
}

interface RowsOfText {
  readonly table: TableFacts;
  readonly group: {
    readonly set: ColumnSet;
    readonly rows: readonly InputRow[];
    readonly indexes: readonly number[];
  };
  /** Place of the column in the set; `undefined` for all of them. */
  readonly at?: number;
}

const NUL = "has a NUL character, which PostgreSQL's text cannot hold";
const SURROGATE = "has half of a surrogate pair, which is no character and has no UTF-8 form";

/**
 * @param text - many values at once; only when it cannot be sent are they looked at one by one
 * @throws {BadRowError} when it has a NUL, or half of a surrogate pair, which would silently become U+FFFD
 */
export function assertSendable(text: string, rowsOfText: () => RowsOfText): void {
  const hasNul = text.includes("\0");
  if (!hasNul && isWellFormed(text)) return;
  const { table, group, at } = rowsOfText();
  const reason = hasNul ? NUL : SURROGATE;
  for (const [place, row] of group.rows.entries()) {
    const index = group.indexes[place] ?? 0;
    for (const [column, name] of group.set.names.entries()) {
      if (at !== undefined && at !== column) continue;
      const value = row[name];
      if (value === null || value === undefined) continue;
      const one = group.set.texts[column]?.(value) ?? "";
      if (hasNul ? one.includes("\0") : !isWellFormed(one))
        throw new BadRowError({ index, table: tableLabel(table), columns: [name], reason });
    }
  }
  throw new TypeError(`A value ${reason}`);
}

/** ES2024, which every supported Node has and the types do not: nothing to do for the text of one byte per character that most is. */
function isWellFormed(text: string): boolean {
  return Reflect.get(String.prototype, "isWellFormed").call(text) === true;
}
