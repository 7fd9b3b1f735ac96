import type { ChunkBuffer } from "./chunk-buffer.ts";
import { type ColumnForm, parsedJson } from "./column-form.ts";
import { fieldEnd, fieldText, isNullAt, LINE_BREAK } from "./copy-text.ts";
import { writeCsvCell } from "./csv-cell.ts";
import type { FieldCursor } from "./field-cursor.ts";
import { isFormula } from "./formula-guard.ts";
import {
  SCALAR_BYTES,
  writeBoolean,
  writeDigits,
  writeFloat,
  writeInstant,
} from "./scalar-fields.ts";

const COMMA = 0x2c;
const RETURN = 0x0d;
const LETTER_N = 0x6e;

/** 1 for the first byte of what may be a formula: those that are none are told apart later. */
const MAY_BE_FORMULA: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte <= 0x20 || byte >= 0x80 || "=+-@'\"\\".includes(String.fromCharCode(byte)) ? 1 : 0,
);

/**
 * Writes rows in the text format of COPY as RFC 4180 has CSV: lines end with CR LF, a cell is quoted where it has a comma, a quote or a line break. NULL is an empty cell, an
 * empty string is `""`.
 */
export class CsvRows {
  readonly #forms: readonly ColumnForm[];
  readonly #isGuarded: boolean;
  readonly #fixedBytes: number;
  readonly #cursor: FieldCursor = { row: Buffer.alloc(0), index: 0 };

  /** @param isGuarded - whether text that a spreadsheet may take for a formula gets a single quote before it */
  constructor(forms: readonly ColumnForm[], isGuarded: boolean) {
    this.#forms = forms;
    this.#isGuarded = isGuarded;
    this.#fixedBytes = 2 + forms.length * (SCALAR_BYTES + 3);
  }

  /** A line of these texts: the header. */
  writeCells(cells: readonly string[], out: ChunkBuffer): void {
    for (const [index, cell] of cells.entries()) {
      if (index > 0) out.write(",");
      this.#writeCell(cell, out);
    }
    out.write("\r\n");
  }

  write(row: Buffer, out: ChunkBuffer): void {
    // Quotes are doubled.
    const room = 2 * row.length + this.#fixedBytes;
    out.reserve(room);
    const cursor = this.#cursor;
    cursor.row = row;
    cursor.index = 0;
    let isFirst = true;
    for (const form of this.#forms) {
      if (!isFirst) out.bytes[out.length++] = COMMA;
      isFirst = false;
      if (isNullAt(row, cursor.index)) cursor.index += 3;
      else if (this.#writeField(form, out)) out.grow(room);
    }
    const { bytes, length } = out;
    bytes[length] = RETURN;
    bytes[length + 1] = LINE_BREAK;
    out.length = length + 2;
  }

  /** @returns true when it may have written more than the room that there is for it */
  #writeField(form: ColumnForm, out: ChunkBuffer): boolean {
    const cursor = this.#cursor;
    const { bytes, length } = out;
    switch (form) {
      case "text":
      case "json":
        return this.#writeText(out);
      case "digits":
      case "quoted digits":
        out.length = writeDigits(cursor, bytes, length);
        return false;
      case "boolean":
        out.length = writeBoolean(cursor, bytes, length);
        return false;
      case "float":
        out.length = writeFloat(cursor, bytes, length);
        // Not finite, so JSON's null.
        if (bytes[length] === LETTER_N) out.length = length;
        return false;
      case "instant":
        out.length = writeInstant(cursor, bytes, length);
        return false;
      default: {
        const end = fieldEnd(cursor.row, cursor.index);
        const json = parsedJson(form, fieldText(cursor.row, cursor.index, end));
        cursor.index = end + 1;
        this.#writeJson(json, out);
        return true;
      }
    }
  }

  #writeText(out: ChunkBuffer): boolean {
    const cursor = this.#cursor;
    const { row, index } = cursor;
    if (!this.#isGuarded || MAY_BE_FORMULA[row[index] ?? LINE_BREAK] !== 1) {
      out.length = writeCsvCell(cursor, out.bytes, out.length);
      return false;
    }
    const end = fieldEnd(row, index);
    cursor.index = end + 1;
    this.#writeCell(fieldText(row, index, end), out);
    return true;
  }

  /** What a parser made: strings as they are, `null` as nothing, everything else as JSON. */
  #writeJson(json: string, out: ChunkBuffer): void {
    if (json === "null") return;
    const value: unknown = json.startsWith('"') ? JSON.parse(json) : json;
    this.#writeCell(typeof value === "string" ? value : json, out);
  }

  #writeCell(cell: string, out: ChunkBuffer): void {
    const isFormulaCell = this.#isGuarded && isFormula(cell);
    if (!isFormulaCell && cell !== "" && !/[",\r\n]/.test(cell)) {
      out.write(cell);
      return;
    }
    out.write(`"${isFormulaCell ? "'" : ""}${cell.replaceAll('"', '""')}"`);
  }
}
