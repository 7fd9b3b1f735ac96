/**
 * The text format of COPY: fields end with a tab, rows with a line break, `\N` is NULL, and tab, line break, carriage return, backspace, form feed, vertical tab and
 * backslash in a value are written with a backslash. No other byte below 0x20 is changed.
 *
 * Source: https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS-TEXT
 */
export const TAB = 0x09;
export const LINE_BREAK = 0x0a;
export const BACKSLASH = 0x5c;
const LETTER_N = 0x4e;

const UNESCAPED: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};
/** What a byte behind a backslash stands for. */
export const UNESCAPED_BYTE: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const letter = String.fromCharCode(byte);
  return (UNESCAPED[letter] ?? letter).charCodeAt(0);
});

const ESCAPED: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
};

/** True where a field that is NULL begins. A value that reads `\N` has its backslash doubled. */
export function isNullAt(row: Uint8Array, start: number): boolean {
  return row[start] === BACKSLASH && row[start + 1] === LETTER_N;
}

/** @returns the index of the tab or line break that ends the field */
export function fieldEnd(row: Uint8Array, start: number): number {
  let index = start;
  for (;;) {
    const byte = row[index] ?? LINE_BREAK;
    if (byte === TAB || byte === LINE_BREAK) return index;
    index += 1;
  }
}

/** The value of a field that is not NULL. */
export function fieldText(row: Buffer, start: number, end: number): string {
  const text = row.toString("utf8", start, end);
  if (!text.includes("\\")) return text;
  return text.replaceAll(/\\(.)/gs, (_, letter: string) => UNESCAPED[letter] ?? letter);
}

/** A row in the text format, for drivers without COPY. */
export function toCopyText(values: readonly (string | null)[]): Buffer {
  const fields = values.map((value) => (value === null ? "\\N" : escape(value)));
  return Buffer.from(`${fields.join("\t")}\n`);
}

function escape(value: string): string {
  return value.replaceAll(/[\b\f\n\r\t\v\\]/g, (character) => ESCAPED[character] ?? character);
}
