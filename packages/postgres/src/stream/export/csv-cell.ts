import { BACKSLASH, LINE_BREAK, TAB, UNESCAPED_BYTE } from "./copy-text.ts";
import type { FieldCursor } from "./field-cursor.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;

/** 1 for what a cell without quotes may hold. Line breaks of a value stand behind a backslash. */
const IS_PLAIN: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  [TAB, LINE_BREAK, QUOTE, COMMA, BACKSLASH].includes(byte) ? 0 : 1,
);

/**
 * A field as a cell, in quotes where it has a comma, a quote, a control character or a backslash, or is empty.
 *
 * @returns the new length; the cursor is at the next field
 */
export function writeCsvCell(cursor: FieldCursor, bytes: Buffer, length: number): number {
  const { row } = cursor;
  let { index } = cursor;
  let to = length;
  for (;;) {
    const byte = row[index++] ?? LINE_BREAK;
    if (IS_PLAIN[byte] === 1) {
      bytes[to++] = byte;
      continue;
    }
    if ((byte !== TAB && byte !== LINE_BREAK) || to === length) {
      return writeQuotedCell(cursor, bytes, length);
    }
    cursor.index = index;
    return to;
  }
}

function writeQuotedCell(cursor: FieldCursor, bytes: Buffer, length: number): number {
  const { row } = cursor;
  let { index } = cursor;
  let to = length;
  bytes[to++] = QUOTE;
  for (;;) {
    const byte = row[index++] ?? LINE_BREAK;
    if (byte === TAB || byte === LINE_BREAK) break;
    if (byte === BACKSLASH) {
      bytes[to++] = UNESCAPED_BYTE[row[index++] ?? BACKSLASH] ?? BACKSLASH;
    } else {
      if (byte === QUOTE) bytes[to++] = QUOTE;
      bytes[to++] = byte;
    }
  }
  bytes[to++] = QUOTE;
  cursor.index = index;
  return to;
}
