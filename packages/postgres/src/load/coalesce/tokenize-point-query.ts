/** A word is unquoted, in lower case; a name is quoted. */
export interface Token {
  readonly kind: "word" | "name" | "parameter" | "number" | "sign" | "end";
  readonly text: string;
}

/**
 * Only what a point query is made of. What follows a word or a number directly must not be something that PostgreSQL would read as part of it
 * (`$1x`, `E'…'`, a letter outside of ASCII, which it folds by the server's locale).
 */
const TOKEN =
  /(?<space>[ \t\r\n\f]+)|(?<word>[A-Za-z_][A-Za-z0-9_$]*)(?![A-Za-z0-9_$]|[^\p{ASCII}])|"(?<name>(?:[^"\0]|"")+)"|\$(?<parameter>[1-9][0-9]{0,2})(?![A-Za-z0-9_$]|[^\p{ASCII}])|(?<number>[0-9]{1,9})(?![A-Za-z0-9_$.]|[^\p{ASCII}])|(?<sign>::|[,.*=;])/uy;

/** @returns `undefined` when there is anything in it that no point query has: strings, comments, brackets, other operators */
export function tokenizePointQuery(text: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  let position = 0;
  while (position < text.length) {
    TOKEN.lastIndex = position;
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined) return undefined;
    position = TOKEN.lastIndex;
    const token = toToken(groups);
    if (token !== undefined) tokens.push(token);
  }
  return tokens;
}

function toToken(groups: Readonly<Record<string, string | undefined>>): Token | undefined {
  const { word, name, parameter, number, sign } = groups;
  if (word !== undefined) return { kind: "word", text: word.toLowerCase() };
  if (name !== undefined) return { kind: "name", text: name.replaceAll('""', '"') };
  if (parameter !== undefined) return { kind: "parameter", text: parameter };
  if (number !== undefined) return { kind: "number", text: number };
  return sign === undefined ? undefined : { kind: "sign", text: sign };
}
