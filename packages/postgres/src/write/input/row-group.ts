import type { ColumnFacts, TableFacts } from "../../catalog/table-facts.ts";
import { quoteElement, valueTextOf } from "../encode/value-text.ts";
import { assertSendable, columnFailure } from "./row-failure.ts";
import type { ColumnSet, InputRow } from "./column-sets.ts";

/** Rows that have the same columns, and their values column by column as the text of arrays. */
export interface RowGroup {
  readonly set: ColumnSet;
  readonly rows: readonly InputRow[];
  /** Of each row in the input. */
  readonly indexes: readonly number[];
  /** One array literal per column of the set: what `unnest` takes. */
  readonly literals: readonly string[];
}

/** Collects the rows of one group, each written as it comes. */
export class GroupBuilder {
  readonly set: ColumnSet;
  readonly #table: TableFacts;
  readonly #rows: InputRow[] = [];
  readonly #indexes: number[] = [];
  readonly #literals: string[];

  constructor(table: TableFacts, set: ColumnSet) {
    this.#table = table;
    this.set = set;
    this.#literals = set.columns.map(() => "");
  }

  /**
   * @returns characters that it adds
   * @throws {BadRowError} when a value has no text for its column
   */
  add(row: InputRow, index: number): number {
    const { columns, names, texts } = this.set;
    const literals = this.#literals;
    const isFirst = this.#rows.length === 0;
    let added = 0;
    let at = 0;
    try {
      for (; at < names.length; at += 1) {
        const value = row[names[at] ?? ""];
        const element =
          value === null || value === undefined ? "NULL" : quoteElement(texts[at]?.(value) ?? "");
        const piece = isFirst ? element : `${columns[at]?.type.delimiter ?? ","}${element}`;
        literals[at] += piece;
        added += piece.length;
      }
    } catch (error) {
      throw columnFailure(this.#table, index, names[at], error);
    }
    this.#rows.push(row);
    this.#indexes.push(index);
    return added;
  }

  /** @throws {BadRowError} when a text has a character that PostgreSQL has no form for */
  build(): RowGroup {
    const literals = this.#literals.map((literal) => `{${literal}}`);
    const group = { set: this.set, rows: this.#rows, indexes: this.#indexes, literals };
    for (const [at, literal] of literals.entries()) {
      assertSendable(literal, () => ({ table: this.#table, group, at }));
    }
    return group;
  }
}

/** The rows of a group at these places, as a group. */
export function pickRows(table: TableFacts, group: RowGroup, places: Iterable<number>): RowGroup {
  const builder = new GroupBuilder(table, group.set);
  for (const place of places) {
    const row = group.rows[place];
    const index = group.indexes[place];
    if (row !== undefined && index !== undefined) builder.add(row, index);
  }
  return builder.build();
}

/** Rows that were collected in another way, as a group. */
export function pickAll(
  table: TableFacts,
  { set, rows, indexes }: Pick<RowGroup, "set" | "rows" | "indexes">,
): RowGroup {
  const builder = new GroupBuilder(table, set);
  for (const [place, row] of rows.entries()) builder.add(row, indexes[place] ?? -1);
  return builder.build();
}

/** One column of a group's rows, as a group. */
export function pickColumn(table: TableFacts, group: RowGroup, column: ColumnFacts): RowGroup {
  const set = {
    number: 0,
    columns: [column],
    names: [column.name],
    texts: [valueTextOf(column.type)],
  };
  return pickAll(table, { ...group, set });
}
