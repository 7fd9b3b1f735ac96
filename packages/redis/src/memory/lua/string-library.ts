import { type Arguments, type LibraryFunction } from "./lua-arguments.ts";
import { toLuaString } from "./base-library.ts";
import { findPattern, type Match } from "./lua-pattern.ts";
import { LuaTable } from "./lua-table.ts";
import { isTruthy, LuaError, type LuaFunction, type LuaValue, typeName } from "./lua-value.ts";
import { formatString } from "./string-format.ts";

export const stringFunctions: Readonly<Record<string, LibraryFunction>> = {
  byte: (args) => {
    const text = args.string(1);
    const from = args.number(2, 1);
    const [start, end] = range(text, from, args.number(3, from));
    return Array.from({ length: Math.max(0, end - start) }, (_, at) => text.charCodeAt(start + at));
  },
  char: (args) =>
    String.fromCharCode(...args.values.map((_, index) => args.number(index + 1) & 0xff)),
  find: (args) => {
    const text = args.string(1);
    const pattern = args.string(2);
    const [from] = range(text, args.number(3, 1), -1);
    if (isTruthy(args.values[3]) || !/[\^$*+?.([%-]/.test(pattern)) {
      const at = text.indexOf(pattern, from);
      return at < 0 ? undefined : [at + 1, at + pattern.length];
    }
    const match = findPattern(text, pattern, from);
    return match === undefined ? undefined : [match.start + 1, match.end, ...match.captures];
  },
  format: formatString,
  gmatch: (args) => {
    const text = args.string(1);
    const pattern = args.string(2);
    let at = 0;
    const next: LuaFunction = () => {
      const match = at > text.length ? undefined : findPattern(text, pattern, at);
      if (match === undefined) {
        at = text.length + 1;
        return [undefined];
      }
      at = match.end === match.start ? match.end + 1 : match.end;
      return captured(text, match);
    };
    return next;
  },
  gsub: substitute,
  len: (args) => args.string(1).length,
  lower: (args) => args.string(1).replace(/[A-Z]+/g, (part) => part.toLowerCase()),
  match: (args) => {
    const text = args.string(1);
    const [from] = range(text, args.number(3, 1), -1);
    const match = findPattern(text, args.string(2), from);
    return match === undefined ? undefined : captured(text, match);
  },
  rep: (args) => args.string(1).repeat(Math.max(0, Math.floor(args.number(2)))),
  reverse: (args) => Array.from(args.string(1)).toReversed().join(""),
  sub: (args) => {
    const text = args.string(1);
    const [start, end] = range(text, args.number(2, 1), args.number(3, -1));
    return text.slice(start, Math.max(start, end));
  },
  upper: (args) => args.string(1).replace(/[a-z]+/g, (part) => part.toUpperCase()),
};

/** 1-based with the end included and negative ones from the end, to 0-based with the end excluded. */
function range(
  text: string,
  fromNumber: number,
  toNumber: number,
): readonly [start: number, end: number] {
  const [from, to] = [Math.trunc(fromNumber), Math.trunc(toNumber)];
  const start = from < 0 ? Math.max(0, text.length + from) : Math.max(0, from - 1);
  const end = to < 0 ? text.length + to + 1 : Math.min(text.length, to);
  return [Math.min(start, text.length), end];
}

function captured(text: string, match: Match): readonly LuaValue[] {
  return match.captures.length > 0 ? match.captures : [text.slice(match.start, match.end)];
}

function substitute(args: Arguments): readonly LuaValue[] {
  const text = args.string(1);
  const pattern = args.string(2);
  const most = args.number(4, Number.POSITIVE_INFINITY);
  let result = "";
  let count = 0;
  let at = 0;
  while (count < most) {
    const match = findPattern(text, pattern, at);
    if (match === undefined) break;
    count += 1;
    result += text.slice(at, match.start) + replacement(args, text, match);
    at = match.end;
    if (match.end === match.start) {
      result += text[at] ?? "";
      at += 1;
    }
    if (at > text.length || pattern.startsWith("^")) break;
  }
  return [result + text.slice(at), count];
}

function replacement(args: Arguments, text: string, match: Match): string {
  const whole = text.slice(match.start, match.end);
  const captures = captured(text, match);
  const by = args.values[2];
  let value: LuaValue;
  if (by instanceof LuaTable) value = by.get(captures[0]);
  else if (typeof by === "function") [value] = by(captures);
  else
    return args.string(3).replace(/%(.?)/g, (_, digit: string) => {
      if (digit === "0") return whole;
      return /\d/.test(digit) ? toLuaString(captures[Number(digit) - 1] ?? "") : digit;
    });
  if (!isTruthy(value)) return whole;
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  throw new LuaError(`invalid replacement value (a ${typeName(value)})`);
}
