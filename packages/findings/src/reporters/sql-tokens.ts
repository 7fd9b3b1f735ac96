/** A piece of SQL text; the pieces of a statement, joined, are the statement. */
export interface SqlToken {
  readonly kind:
    | "space"
    | "comment"
    | "string"
    | "identifier"
    | "dollar"
    | "parameter"
    | "number"
    | "word";
  readonly text: string;
}

/**
 * In order of preference; white space is breakable, everything else is kept whole. An unclosed quote runs to the end.
 * `E'…'` knows backslashes, `'…'` does not (standard_conforming_strings, the default since 9.1).
 */
const PATTERNS: readonly (readonly [SqlToken["kind"], RegExp])[] = [
  ["space", /\s+/y],
  ["comment", /--[^\r\n]*/y],
  ["comment", /\/\*[^]*?(?:\*\/|$)/y],
  ["string", /[eE]'(?:[^'\\]|''|\\[^])*(?:'|$)/y],
  ["string", /(?:[bBnNxX]|[uU]&)?'(?:[^']|'')*(?:'|$)/y],
  ["identifier", /(?:[uU]&)?"(?:[^"]|"")*(?:"|$)/y],
  ["dollar", /\$(?<tag>(?:[\p{L}_][\p{L}\p{N}_]*)?)\$[^]*?(?:\$\k<tag>\$|$)/uy],
  ["parameter", /\$\d+/y],
  ["word", /[\p{L}_][\p{L}\p{N}_$]*/uy],
  ["number", /(?:0[xXoObB][\da-fA-F_]+|\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?/y],
  ["word", /[^\s]/uy],
];

/**
 * The statement in tokens for laying it out; not a parser. Joined tokens give the text back.
 *
 * Linear but for nested block comments, which end at the first `*` + `/`.
 */
export function sqlTokens(sql: string): readonly SqlToken[] {
  const tokens: SqlToken[] = [];
  let position = 0;
  while (position < sql.length) {
    const token = tokenAt(sql, position);
    tokens.push(token);
    position += token.text.length;
  }
  return tokens;
}

function tokenAt(sql: string, position: number): SqlToken {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = position;
    const text = pattern.exec(sql)?.[0];
    if (text !== undefined && text !== "") return { kind, text };
  }
  return { kind: "word", text: sql.charAt(position) };
}
