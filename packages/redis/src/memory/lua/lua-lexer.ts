import { parseNumber } from "./lua-number.ts";
import { LuaError } from "./lua-value.ts";

export type Token =
  | { readonly kind: "name" | "symbol" | "end"; readonly text: string; readonly line: number }
  | {
      readonly kind: "number";
      readonly text: string;
      readonly value: number;
      readonly line: number;
    }
  | {
      readonly kind: "string";
      readonly text: string;
      readonly value: string;
      readonly line: number;
    };

const KEYWORDS = new Set(
  "and break do else elseif end false for function if in local nil not or repeat return then true until while".split(
    " ",
  ),
);

/** Space and comments; names; numbers; symbols, longest first. The start of a long string is found before, strings after. */
const SPACE = /[ \t\r\n\f\v]+|--(?!\[=*\[)[^\n]*/y;
const LONG = /(?:--)?\[(=*)\[/y;
const NAME = /[A-Za-z_]\w*/y;
const NUMBER = /0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const SYMBOL = /\.\.\.|\.\.|==|~=|<=|>=|[-+*/%^#<>=(){}[\];:,.]/y;

/** @param source - bytes */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  const fail = (what: string): never => {
    throw new LuaError(`user_script:${line}: ${what}`, true);
  };
  while (at < source.length) {
    const space = match(SPACE);
    if (space !== null) {
      line += countLines(space[0]);
      at += space[0].length;
      continue;
    }
    const long = match(LONG);
    if (long !== null) {
      const close = source.indexOf(`]${long[1]}]`, at + long[0].length);
      if (close < 0) fail("unfinished long string or comment");
      const value = source.slice(at + long[0].length, close).replace(/^\r?\n/, "");
      if (!long[0].startsWith("--")) tokens.push({ kind: "string", text: "string", value, line });
      line += countLines(source.slice(at, close));
      at = close + (long[1]?.length ?? 0) + 2;
      continue;
    }
    const quote = source[at];
    if (quote === '"' || quote === "'") {
      const string = readString(source, at, quote) ?? fail("unfinished string");
      tokens.push({ kind: "string", text: "string", value: string.value, line });
      line += countLines(source.slice(at, string.end));
      at = string.end;
      continue;
    }
    const name = match(NAME)?.[0];
    const number = name === undefined ? match(NUMBER)?.[0] : undefined;
    const symbol =
      name ?? number ?? match(SYMBOL)?.[0] ?? fail(`unexpected symbol near '${quote}'`);
    if (number !== undefined)
      tokens.push({ kind: "number", text: number, value: parseNumber(number) ?? 0, line });
    else
      tokens.push({
        kind: name !== undefined && !KEYWORDS.has(name) ? "name" : "symbol",
        text: symbol,
        line,
      });
    at += symbol.length;
  }
  tokens.push({ kind: "end", text: "<eof>", line });
  return tokens;
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

function readString(
  source: string,
  start: number,
  quote: string,
): { readonly value: string; readonly end: number } | undefined {
  let value = "";
  for (let at = start + 1; at < source.length; at += 1) {
    const character = source[at] ?? "";
    if (character === quote) return { value, end: at + 1 };
    if (character === "\n") return undefined;
    if (character !== "\\") {
      value += character;
      continue;
    }
    const code = /^\d{1,3}/.exec(source.slice(at + 1, at + 4))?.[0];
    const escaped = source[at + 1] ?? "";
    value += code === undefined ? (ESCAPES[escaped] ?? escaped) : String.fromCharCode(Number(code));
    at += code?.length ?? 1;
  }
  return undefined;
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}
