/** A piece of SQL as PostgreSQL deparses it, with its place in the text. */
export interface Token {
  readonly kind: "string" | "number" | "parameter" | "name" | "operator" | "punctuation";
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const LEXERS: readonly (readonly [Token["kind"] | "blank", RegExp])[] = [
  ["blank", /\s+|--[^\n]*/y],
  ["parameter", /\$\d+/y],
  ["number", /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y],
  ["name", /[\p{L}_][\p{L}\p{N}_$]*/uy],
  ["operator", /::|[+\-*/<>=~!@#%^&|`?:]+/y],
  ["punctuation", /[\s\S]/uy],
];

/** Splits SQL into tokens, blanks and comments left out. Linear; never throws: what is not known is punctuation. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const [kind, end] = readQuoted(text, at) ?? readPattern(text, at);
    if (kind !== "blank") tokens.push({ kind, text: text.slice(at, end), start: at, end });
    at = end;
  }
  return tokens;
}

function readPattern(text: string, start: number): readonly [Token["kind"] | "blank", number] {
  for (const [kind, pattern] of LEXERS) {
    pattern.lastIndex = start;
    const match = pattern.exec(text);
    if (match !== null && match[0] !== "") return [kind, start + match[0].length];
  }
  // Half of a surrogate pair is no character to a unicode pattern.
  return ["punctuation", start + 1];
}

/** Strings, quoted names, dollar quotes and block comments, which may be megabytes long: searched, not matched. */
function readQuoted(
  text: string,
  start: number,
): readonly [Token["kind"] | "blank", number] | null {
  const head = text.slice(start, start + 3);
  if (head.startsWith("/*")) return ["blank", endOf(text, text.indexOf("*/", start + 2), 2)];
  if (head.startsWith('"')) return ["name", quotedEnd(text, start + 1, '"', false)];
  const prefix = /^(?:[EeBbXxNn]|[Uu]&)?'/.exec(head)?.[0];
  if (prefix !== undefined) {
    return ["string", quotedEnd(text, start + prefix.length, "'", /^[Ee]/.test(prefix))];
  }
  if (!head.startsWith("$")) return null;
  const tag = /^\$(?:[A-Za-z_][A-Za-z0-9_]*)?\$/.exec(text.slice(start, start + 66))?.[0];
  if (tag === undefined) return null;
  return ["string", endOf(text, text.indexOf(tag, start + tag.length), tag.length)];
}

function endOf(text: string, found: number, length: number): number {
  return found === -1 ? text.length : found + length;
}

/** After the closing quote; a doubled one is content. Only E'…' has backslashes that escape. */
function quotedEnd(text: string, start: number, quote: string, hasEscapes: boolean): number {
  for (let at = start; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === "\\" && hasEscapes) at += 1;
    else if (char === quote) {
      if (text.charAt(at + 1) !== quote) return at + 1;
      at += 1;
    }
  }
  return text.length;
}
