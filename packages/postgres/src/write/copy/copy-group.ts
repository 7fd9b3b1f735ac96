import type { TableFacts } from "../../catalog/table-facts.ts";
import type { ColumnSet, InputRow } from "../input/column-sets.ts";
import { assertSendable, columnFailure } from "../input/row-failure.ts";
import type { CopyIn } from "./copy-in.ts";

/** Large enough that a write costs nothing beside its rows, small enough that the server has work while the next is made. */
const BLOCK_CHARACTERS = 64 * 1024;

/** How rows become lines. */
export interface LineForm {
  /** What a line begins with, its tabulator included; or empty. */
  prefix(index: number, set: ColumnSet): string;
  /** Names of the columns in the order of the line. */
  readonly names: readonly string[];
  readonly texts: ColumnSet["texts"];
  /** How NULL is written in each column. */
  readonly nulls: readonly string[];
  /** Every row has every column. Otherwise what a row lacks is written as `\\N`, and its prototype is not asked. */
  readonly isComplete: boolean;
}

/** Rows of one COPY in its text format, sent as they fill a block, or kept until a COPY is open for them. */
export class CopyGroup {
  readonly rows: InputRow[] = [];
  readonly indexes: number[] = [];
  /** Of its first row. */
  readonly set: ColumnSet;
  readonly #table: TableFacts;
  readonly #form: LineForm;
  readonly #blocks: string[] = [];
  #block = "";
  #characters = 0;
  #checkedRows = 0;

  constructor(table: TableFacts, set: ColumnSet, form: LineForm) {
    this.#table = table;
    this.set = set;
    this.#form = form;
  }

  /** Characters of all its rows. */
  get characters(): number {
    return this.#characters;
  }

  /** @returns true when there is a block to send */
  add(row: InputRow, index: number, set: ColumnSet): boolean {
    const { names, texts, nulls, isComplete } = this.#form;
    let line = this.#form.prefix(index, set);
    let at = 0;
    try {
      for (; at < names.length; at += 1) {
        const name = names[at] ?? "";
        const value = isComplete || Object.hasOwn(row, name) ? row[name] : undefined;
        if (at > 0) line += "\t";
        if (value === undefined) line += NOTHING;
        else line += value === null ? (nulls[at] ?? NOTHING) : copyField(texts[at]?.(value) ?? "");
      }
    } catch (error) {
      throw columnFailure(this.#table, index, names[at], error);
    }
    this.rows.push(row);
    this.indexes.push(index);
    this.#block += line;
    this.#block += "\n";
    this.#characters += line.length + 1;
    if (this.#block.length >= BLOCK_CHARACTERS) this.#cut();
    return this.#blocks.length > 0;
  }

  /** Sends the blocks that are full, or with `isAll` everything. */
  async send(copy: CopyIn, isAll: boolean): Promise<void> {
    if (isAll) this.#cut();
    for (const block of this.#blocks.splice(0)) await copy.write(block);
  }

  #cut(): void {
    if (this.#block === "") return;
    const { names, texts } = this.#form;
    const from = this.#checkedRows;
    assertSendable(this.#block, () => ({
      table: this.#table,
      group: {
        set: { ...this.set, names, texts },
        rows: this.rows.slice(from),
        indexes: this.indexes.slice(from),
      },
    }));
    this.#checkedRows = this.rows.length;
    this.#blocks.push(this.#block);
    this.#block = "";
  }
}

/** NULL in COPY's text format. */
export const NOTHING = "\\N";

const SPECIAL = /[\\\n\r\t]/;
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** A field of COPY's text format. With every backslash doubled nothing else can be read as `\N` or as the end of the data. */
function copyField(text: string): string {
  return SPECIAL.test(text)
    ? text.replaceAll(/[\\\n\r\t]/g, (char) => ESCAPES[char] ?? char)
    : text;
}
