/** SQL text cut at its parameters: `texts[0]`, `$numbers[0]`, `texts[1]`, …; one more text than numbers. */
export interface Placeholders {
  readonly texts: readonly string[];
  /** The `n` of each `$n`, in the order of the text; a number may come again. */
  readonly numbers: readonly number[];
  /** What the text ends inside of, and so would go on in whatever is written after it. */
  readonly endsInside: UnendedToken | undefined;
}

type UnendedToken = "string" | "quoted identifier" | "dollar quote" | "comment" | "line comment";

/**
 * Finds the parameters `$1`, `$2`, … of SQL text as PostgreSQL's lexer does: not in strings (`'…'`, `E'…'`, `U&'…'`), dollar quotes, quoted
 * identifiers, comments (which nest) or names such as `a$1`. For servers with `standard_conforming_strings`, the default since 9.1.
 *
 * The rules are those of https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */
export function splitPlaceholders(text: string): Placeholders {
  const texts: string[] = [];
  const numbers: number[] = [];
  let textStart = 0;
  let position = 0;
  while (position < text.length) {
    const token = readToken(text, position);
    if (token.endsInside !== undefined) {
      return { texts: [...texts, text.slice(textStart)], numbers, endsInside: token.endsInside };
    }
    if (token.parameter !== undefined) {
      texts.push(text.slice(textStart, position));
      numbers.push(token.parameter);
      textStart = token.end;
    }
    position = token.end;
  }
  return { texts: [...texts, text.slice(textStart)], numbers, endsInside: undefined };
}

/** A stretch of SQL text that no parameter, statement end or parenthesis is hidden in: those are tokens of their own. */
interface Token {
  readonly end: number;
  readonly parameter?: number;
  readonly endsInside?: UnendedToken;
}

/** Everything that starts nothing: up to where a token that matters may begin. */
const PLAIN = /[^A-Za-z_0-9\u0080-\uffff'"$/;()-]+/y;
const NUMBER = /[0-9][0-9A-Za-z_.]*/y;
const NAME = /[A-Za-z_\u0080-\uffff][A-Za-z_0-9$\u0080-\uffff]*/y;
const PARAMETER = /\$([0-9]+)/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z_0-9\u0080-\uffff]*)?\$/y;
const LINE_COMMENT = /--[^\n\r]*/y;
const STRING_REST = /[^']*(?:''[^']*)*'/y;
const ESCAPED_STRING_REST = /[^'\\]*(?:(?:''|\\[\s\S])[^'\\]*)*'/y;
const IDENTIFIER_REST = /[^"]*(?:""[^"]*)*"/y;
/** A string goes on after a line break, in the form that it began with. Not after a comment. */
const STRING_CONTINUES = /[ \t\f\v]*[\n\r][ \t\n\r\f\v]*'/y;

/** The token that begins at `start`. */
export function readToken(text: string, start: number): Token {
  const plain = endOf(PLAIN, text, start) ?? endOf(NUMBER, text, start);
  if (plain !== undefined) return { end: plain };
  const name = endOf(NAME, text, start);
  if (name !== undefined) return readName(text, start, name);
  const first = text.charAt(start);
  if (first === "'") return closed(endOf(STRING_REST, text, start + 1), "string");
  if (first === '"') return closed(endOf(IDENTIFIER_REST, text, start + 1), "quoted identifier");
  if (first === "$") return readDollar(text, start);
  if (first === "-") return readDash(text, start);
  return text.startsWith("/*", start) ? readComment(text, start) : { end: start + 1 };
}

/** A name, or the prefix of an escape string. The other prefixes (`U&`, `B`, `X`, `N`) leave a string as it is. */
function readName(text: string, start: number, end: number): Token {
  const isEscapePrefix = end === start + 1 && /[eE]/.test(text.slice(start, end));
  if (!isEscapePrefix || text[end] !== "'") return { end };
  let stringEnd = endOf(ESCAPED_STRING_REST, text, end + 1);
  while (stringEnd !== undefined) {
    const next = endOf(STRING_CONTINUES, text, stringEnd);
    if (next === undefined) return { end: stringEnd };
    stringEnd = endOf(ESCAPED_STRING_REST, text, next);
  }
  return closed(undefined, "string");
}

function readDollar(text: string, start: number): Token {
  const parameterEnd = endOf(PARAMETER, text, start);
  if (parameterEnd !== undefined) {
    return { end: parameterEnd, parameter: Number(text.slice(start + 1, parameterEnd)) };
  }
  const tagEnd = endOf(DOLLAR_TAG, text, start);
  if (tagEnd === undefined) return { end: start + 1 };
  const tag = text.slice(start, tagEnd);
  const close = text.indexOf(tag, tagEnd);
  return closed(close < 0 ? undefined : close + tag.length, "dollar quote");
}

function readDash(text: string, start: number): Token {
  const end = endOf(LINE_COMMENT, text, start);
  if (end === undefined) return { end: start + 1 };
  return closed(end < text.length ? end : undefined, "line comment");
}

function readComment(text: string, start: number): Token {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = start;
  let depth = 0;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    depth += mark[0] === "/*" ? 1 : -1;
    if (depth === 0) return { end: marks.lastIndex };
  }
  return closed(undefined, "comment");
}

function closed(end: number | undefined, token: UnendedToken): Token {
  return end === undefined ? { end: Number.POSITIVE_INFINITY, endsInside: token } : { end };
}

/** Where a match that begins exactly at `start` ends. */
function endOf(pattern: RegExp, text: string, start: number): number | undefined {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
