import type { ChunkBuffer } from "./chunk-buffer.ts";
import { type ColumnForm, parsedJson } from "./column-form.ts";
import { BACKSLASH, fieldEnd, fieldText, isNullAt } from "./copy-text.ts";
import type { FieldCursor } from "./field-cursor.ts";
import {
  SCALAR_BYTES,
  writeBoolean,
  writeDigits,
  writeFloat,
  writeInstant,
} from "./scalar-fields.ts";
import { writeCompactJson, writeJsonString, writeRawJson } from "./text-fields.ts";

export interface JsonColumn {
  readonly name: string;
  readonly form: ColumnForm;
}

interface Field {
  /** What stands before the value: `{"id":` or `,"name":`. */
  readonly key: Buffer;
  readonly form: ColumnForm;
}

const QUOTE = 0x22;
const CLOSING_BRACE = 0x7d;
/** An escape `\u0000` is six bytes for one. */
const LONGEST_ESCAPE = 6;
/** Up to here room for the worst case is cheaper than to count what needs an escape. */
const SMALL_ROW = 4_096;

/** Writes rows in the text format of COPY as JSON objects, byte for byte as `JSON.stringify` would write them. */
export class JsonRows {
  readonly #fields: readonly Field[];
  readonly #fixedBytes: number;
  readonly #cursor: FieldCursor = { row: Buffer.alloc(0), index: 0 };

  /** @param columns - in the order of the fields; none for rows of no column */
  constructor(columns: readonly JsonColumn[]) {
    this.#fields = columns.map(({ name, form }, index) => ({
      key: Buffer.from(`${index === 0 ? "{" : ","}${JSON.stringify(name)}:`),
      form,
    }));
    this.#fixedBytes = this.#fields.reduce((sum, { key }) => sum + key.length + SCALAR_BYTES, 2);
  }

  write(row: Buffer, out: ChunkBuffer): void {
    const room = roomFor(row) + this.#fixedBytes;
    out.reserve(room);
    const cursor = this.#cursor;
    cursor.row = row;
    cursor.index = 0;
    if (this.#fields.length === 0) {
      out.write("{}");
      return;
    }
    for (const { key, form } of this.#fields) {
      const { bytes } = out;
      let { length } = out;
      for (let index = 0; index < key.length; index++) bytes[length++] = key[index] ?? 0;
      if (isNullAt(row, cursor.index)) {
        cursor.index += 3;
        out.length = writeNull(bytes, length);
      } else if (typeof form === "function") {
        out.length = length;
        const end = fieldEnd(row, cursor.index);
        out.write(parsedJson(form, fieldText(row, cursor.index, end)));
        out.grow(room);
        cursor.index = end + 1;
      } else {
        out.length = writeField(form, cursor, bytes, length);
      }
    }
    out.bytes[out.length++] = CLOSING_BRACE;
  }
}

/** Rows that are one JSON value already, as `row_to_json` makes them. */
export class WholeJsonRows {
  write(row: Buffer, out: ChunkBuffer): void {
    out.reserve(row.length);
    out.length = writeRawJson(row, out.bytes, out.length);
  }
}

function writeField(
  form: Exclude<ColumnForm, (text: string) => unknown>,
  cursor: FieldCursor,
  bytes: Buffer,
  length: number,
): number {
  switch (form) {
    case "text":
      return writeJsonString(cursor, bytes, length);
    case "digits":
      return writeDigits(cursor, bytes, length);
    case "quoted digits": {
      bytes[length] = QUOTE;
      const end = writeDigits(cursor, bytes, length + 1);
      bytes[end] = QUOTE;
      return end + 1;
    }
    case "boolean":
      return writeBoolean(cursor, bytes, length);
    case "float":
      return writeFloat(cursor, bytes, length);
    case "instant": {
      const end = writeInstant(cursor, bytes, length + 1);
      if (end === length + 1) return writeNull(bytes, length);
      bytes[length] = QUOTE;
      bytes[end] = QUOTE;
      return end + 1;
    }
    case "json":
      break;
  }
  return writeCompactJson(cursor, bytes, length);
}

function writeNull(bytes: Buffer, length: number): number {
  bytes[length] = 0x6e;
  bytes[length + 1] = 0x75;
  bytes[length + 2] = 0x6c;
  bytes[length + 3] = 0x6c;
  return length + 4;
}

/** Most bytes that the values of a row take as JSON strings, without quotes. */
function roomFor(row: Buffer): number {
  if (row.length <= SMALL_ROW) return LONGEST_ESCAPE * row.length;
  let escapes = 0;
  for (let index = 0; index < row.length; index++) {
    const byte = row[index] ?? 0;
    if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) escapes += 1;
  }
  return row.length + (LONGEST_ESCAPE - 1) * escapes;
}
