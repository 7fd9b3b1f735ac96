import { BACKSLASH, LINE_BREAK, TAB } from "./copy-text.ts";
import type { FieldCursor } from "./field-cursor.ts";

const QUOTE = 0x22;
const SPACE = 0x20;
const LOWER_U = 0x75;
const LOWER_V = 0x76;
const LOWER_N = 0x6e;
const LOWER_R = 0x72;
const ZERO = 0x30;
const HEX = Buffer.from("0123456789abcdef");

/** 1 for what stands in a JSON string as it stands in a field: all but quote, backslash and control characters. */
const IS_PLAIN: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < SPACE || byte === QUOTE || byte === BACKSLASH ? 0 : 1,
);

/**
 * A field as a JSON string. `\b`, `\f`, `\n`, `\r`, `\t` and `\\` are the same in both forms, so only quotes, vertical tabs and bare control characters change.
 *
 * @returns the new length; the cursor is at the next field
 */
export function writeJsonString(cursor: FieldCursor, bytes: Buffer, length: number): number {
  const { row } = cursor;
  let { index } = cursor;
  let to = length;
  bytes[to++] = QUOTE;
  for (;;) {
    const byte = row[index++] ?? LINE_BREAK;
    if (IS_PLAIN[byte] === 1) {
      bytes[to++] = byte;
    } else if (byte === TAB || byte === LINE_BREAK) {
      break;
    } else if (byte === QUOTE) {
      bytes[to++] = BACKSLASH;
      bytes[to++] = QUOTE;
    } else if (byte === BACKSLASH) {
      const escaped = row[index++] ?? BACKSLASH;
      if (escaped === LOWER_V) to = writeControl(0x0b, bytes, to);
      else {
        bytes[to++] = BACKSLASH;
        bytes[to++] = escaped;
      }
    } else {
      to = writeControl(byte, bytes, to);
    }
  }
  bytes[to++] = QUOTE;
  cursor.index = index;
  return to;
}

function writeControl(byte: number, bytes: Buffer, length: number): number {
  bytes[length] = BACKSLASH;
  bytes[length + 1] = LOWER_U;
  bytes[length + 2] = ZERO;
  bytes[length + 3] = ZERO;
  bytes[length + 4] = HEX[byte >> 4] ?? ZERO;
  bytes[length + 5] = HEX[byte & 15] ?? ZERO;
  return length + 6;
}

/**
 * A row that is one field of JSON, left as it is but for line breaks: in JSON they can only be white space between tokens, where `json` (not `jsonb`) keeps them, and would end a line of
 * NDJSON too early. They become spaces.
 *
 * @returns the new length
 */
export function writeRawJson(row: Buffer, bytes: Buffer, length: number): number {
  const end = row.length - 1;
  let to = length;
  let index = 0;
  while (index < end) {
    const found = row.indexOf(BACKSLASH, index);
    const plainEnd = found < 0 ? end : found;
    to += row.copy(bytes, to, index, plainEnd);
    if (found < 0) break;
    // Behind a backslash stands another one, or a letter for a white space.
    const escaped = row[found + 1];
    const isLineBreak = escaped === LOWER_N || escaped === LOWER_R;
    bytes[to++] = escaped === BACKSLASH ? BACKSLASH : isLineBreak ? SPACE : TAB;
    index = found + 2;
  }
  return to;
}

/**
 * A field that is JSON already, without the white space between its tokens.
 *
 * @returns the new length; the cursor is at the next field
 */
export function writeCompactJson(cursor: FieldCursor, bytes: Buffer, length: number): number {
  const { row } = cursor;
  let { index } = cursor;
  let to = length;
  let isInString = false;
  for (;;) {
    const byte = row[index++] ?? LINE_BREAK;
    if (byte === TAB || byte === LINE_BREAK) break;
    if (byte === BACKSLASH) {
      // Two are one of JSON, and what it escapes ends no string; a letter stands for white space.
      if (row[index++] !== BACKSLASH) continue;
      bytes[to++] = BACKSLASH;
      if (row[index] === BACKSLASH) index += 1;
      bytes[to++] = row[index++] ?? BACKSLASH;
    } else if (byte !== SPACE || isInString) {
      if (byte === QUOTE) isInString = !isInString;
      bytes[to++] = byte;
    }
  }
  cursor.index = index;
  return to;
}
