/** A piece of SQL as PostgreSQL deparses it, with its place in the text. */
export interface Token {
  readonly kind: "string" | "number" | "parameter" | "name" | "operator" | "punctuation";
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const LEXERS: readonly (readonly [Token["kind"] | "blank", RegExp])[] = [
  ["blank", /(?:\s+|--[^\n]*|\/\*[\s\S]*?\*\/)/y],
  // Strings with their prefix: 'x', E'x', B'1', X'f', U&'x', N'x'; then dollar quotes.
  ["string", /(?:[EeBbXxNn]|[Uu]&)?'(?:[^'\\]|''|\\[\s\S])*(?:'|$)/y],
  ["string", /\$([A-Za-z_][A-Za-z0-9_]*)?\$[\s\S]*?(?:\$\1\$|$)/y],
  ["parameter", /\$\d+/y],
  ["number", /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y],
  ["name", /"(?:[^"]|"")*"?|[\p{L}_][\p{L}\p{N}_$]*/uy],
  ["operator", /::|[+\-*/<>=~!@#%^&|`?:]+/y],
  ["punctuation", /[\s\S]/uy],
];

/** Splits SQL into tokens, blanks and comments left out. Linear; never throws: what is not known is punctuation. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const start = at;
    for (const [kind, pattern] of LEXERS) {
      pattern.lastIndex = start;
      const match = pattern.exec(text);
      if (match === null || match[0] === "") continue;
      at = start + match[0].length;
      if (kind !== "blank") tokens.push({ kind, text: match[0], start, end: at });
      break;
    }
    // A lone surrogate is no character of its own to a unicode pattern.
    if (at === start) at += 1;
  }
  return tokens;
}
