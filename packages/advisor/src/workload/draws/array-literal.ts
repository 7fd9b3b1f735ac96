/**
 * Elements of a one-dimensional PostgreSQL array literal, as text; SQL NULL is `null`.
 *
 * `{a,"b \"c\"",NULL,"NULL"}` gives `a`, `b "c"`, `null`, `NULL`. An element that is an array or a row comes quoted, so
 * it stays whole. Anything else (`[0:2]={…}`, nested braces) gives `null` for the whole.
 */
export function parseArrayLiteral(text: string): readonly (string | null)[] | null {
  if (!text.startsWith("{") || !text.endsWith("}")) return null;
  if (text === "{}") return [];
  const elements: (string | null)[] = [];
  let position = 1;
  while (position < text.length) {
    const element = text[position] === '"' ? readQuoted(text, position) : readPlain(text, position);
    if (element === null) return null;
    elements.push(element.value);
    position = element.end;
    if (text[position] === "}") return position === text.length - 1 ? elements : null;
    if (text[position] !== ",") return null;
    position += 1;
  }
  return null;
}

/** The literal of an array of texts. */
export function toArrayLiteral(elements: readonly string[]): string {
  const quoted = elements.map((item) => `"${item.replace(/[\\"]/g, String.raw`\$&`)}"`);
  return `{${quoted.join(",")}}`;
}

interface Element {
  readonly value: string | null;
  readonly end: number;
}

function readQuoted(text: string, start: number): Element | null {
  let value = "";
  for (let position = start + 1; position < text.length; position += 1) {
    const character = text[position];
    if (character === '"') return { value, end: position + 1 };
    if (character === "\\") position += 1;
    value += text[position] ?? "";
  }
  return null;
}

function readPlain(text: string, start: number): Element | null {
  let end = start;
  let value = "";
  while (end < text.length && text[end] !== "," && text[end] !== "}") {
    if (text[end] === "{" || text[end] === '"') return null;
    if (text[end] === "\\") end += 1;
    value += text[end] ?? "";
    end += 1;
  }
  if (value === "") return null;
  return { value: value.toUpperCase() === "NULL" ? null : value, end };
}
