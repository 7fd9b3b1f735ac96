/** An element of a PostgreSQL array literal: text, `null` for NULL, or a nested array. */
export type ArrayElement = string | null | readonly ArrayElement[];

/**
 * Reads an array literal as `array_out` prints it: `{a,"b c",NULL,{…}}`.
 *
 * @returns `null` when it is none
 */
export function parseArrayLiteral(literal: string): readonly ArrayElement[] | null {
  // `[2:4]={…}`: lower bounds that are not 1.
  const start = literal.indexOf("{");
  if (start !== 0 && !/^\[[\d:[\]-]+\]=$/.test(literal.slice(0, start))) return null;
  const reader = { text: literal, at: start };
  const elements = readArray(reader);
  return elements !== null && reader.at === literal.length ? elements : null;
}

interface Reader {
  readonly text: string;
  at: number;
}

function readArray(reader: Reader): readonly ArrayElement[] | null {
  const elements: ArrayElement[] = [];
  reader.at += 1;
  if (reader.text[reader.at] === "}") {
    reader.at += 1;
    return elements;
  }
  for (;;) {
    const character = reader.text[reader.at];
    if (character === undefined) return null;
    const element =
      character === "{"
        ? readArray(reader)
        : character === '"'
          ? readQuoted(reader)
          : readBare(reader);
    if (element === null) return null;
    elements.push(element === NULL ? null : element);
    const next = reader.text[reader.at];
    reader.at += 1;
    if (next === "}") return elements;
    if (next !== ",") return null;
  }
}

/** Stands for SQL NULL while reading; quoted `"NULL"` is text and never equals it, as quotes are kept apart. */
const NULL = "\u0000NULL";

function readQuoted(reader: Reader): string | null {
  let text = "";
  for (let at = reader.at + 1; at < reader.text.length; at += 1) {
    const character = reader.text[at];
    if (character === '"') {
      reader.at = at + 1;
      return text;
    }
    if (character === "\\") at += 1;
    text += reader.text[at] ?? "";
  }
  return null;
}

function readBare(reader: Reader): string {
  const bare = /[^,{}]*/y;
  bare.lastIndex = reader.at;
  const text = bare.exec(reader.text)?.[0] ?? "";
  reader.at += text.length;
  return text.toUpperCase() === "NULL" ? NULL : text.replaceAll(/\\(.)/gs, "$1");
}

/** Writes what `array_in` reads back as the same elements. */
export function formatArrayLiteral(elements: readonly ArrayElement[]): string {
  const parts = elements.map((element) => {
    if (element === null) return "NULL";
    if (typeof element !== "string") return formatArrayLiteral(element);
    const isBare = /^[^\s,{}"\\]+$/.test(element) && element.toUpperCase() !== "NULL";
    return isBare ? element : `"${element.replaceAll(/["\\]/g, "\\$&")}"`;
  });
  return `{${parts.join(",")}}`;
}
