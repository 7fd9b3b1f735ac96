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
const ALTERNATIVES: readonly (readonly [kind: SqlToken["kind"], pattern: RegExp])[] = [
  ["space", /\s+/],
  ["comment", /--[^\r\n]*|\/\*[^]*?(?:\*\/|$)/],
  ["string", /[eE]'(?:[^'\\]|''|\\[^])*(?:'|$)|(?:[bBnNxX]|[uU]&)?'(?:[^']|'')*(?:'|$)/],
  ["identifier", /(?:[uU]&)?"(?:[^"]|"")*(?:"|$)/],
  ["dollar", /\$(?<tag>(?:[\p{L}_][\p{L}\p{N}_]*)?)\$[^]*?(?:\$\k<tag>\$|$)/u],
  ["parameter", /\$\d+/],
  ["number", /(?:0[xXoObB][\da-fA-F_]+|\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?/],
  ["word", /[\p{L}_][\p{L}\p{N}_$]*|[^\s]/u],
];

/** One expression for all, so that a token costs one match. */
const TOKEN = new RegExp(
  ALTERNATIVES.map(([kind, { source }]) => `(?<${kind}>${source})`).join("|"),
  "uy",
);

const KINDS = ALTERNATIVES.map(([kind]) => kind);

/**
 * The statement in tokens for laying it out; not a parser. Joined tokens give the text back.
 *
 * Linear but for nested block comments, which end at the first `*` + `/`.
 */
export function sqlTokens(sql: string): readonly SqlToken[] {
  const pattern = new RegExp(TOKEN);
  const tokens: SqlToken[] = [];
  for (let position = 0; position < sql.length; position = pattern.lastIndex) {
    const match = pattern.exec(sql);
    const kind = KINDS.find((name) => match?.groups?.[name] !== undefined);
    if (match === null || kind === undefined) {
      // Half a character at the end of nothing: kept as it is, so that nothing is lost.
      tokens.push({ kind: "word", text: sql.charAt(position) });
      pattern.lastIndex = position + 1;
    } else {
      tokens.push({ kind, text: match[0] });
    }
  }
  return tokens;
}
