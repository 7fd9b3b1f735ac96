import { LuaError, type LuaValue } from "./lua-value.ts";

export interface Match {
  /** 0-based, end exclusive. */
  readonly start: number;
  readonly end: number;
  /** What the parentheses took: text, or a 1-based position for `()`. */
  readonly captures: readonly LuaValue[];
}

interface Capture {
  readonly start: number;
  /** `undefined` while it is open; -1 for a position. */
  end: number | undefined;
}

/**
 * The first place from `from` on that a Lua pattern matches.
 *
 * Source of the rules: Lua 5.1 reference manual, 5.4.1, and lstrlib.c
 */
export function findPattern(text: string, pattern: string, from: number): Match | undefined {
  const isAnchored = pattern.startsWith("^");
  const matcher = new Matcher(text, isAnchored ? pattern.slice(1) : pattern);
  const last = isAnchored ? from : text.length;
  for (let start = from; start <= last; start += 1) {
    const match = matcher.matchAt(start);
    if (match !== undefined) return match;
  }
  return undefined;
}

const CLASSES: Readonly<Record<string, RegExp>> = {
  a: /[A-Za-z]/,
  // oxlint-disable-next-line no-control-regex
  c: /[\0-\x1f\x7f]/,
  d: /\d/,
  l: /[a-z]/,
  p: /[!-/:-@[-`{-~]/,
  s: /[ \t\n\v\f\r]/,
  u: /[A-Z]/,
  w: /[A-Za-z0-9]/,
  x: /[\dA-Fa-f]/,
  // oxlint-disable-next-line no-control-regex
  z: /\0/,
};

class Matcher {
  readonly #text: string;
  readonly #pattern: string;
  #captures: Capture[] = [];

  constructor(text: string, pattern: string) {
    this.#text = text;
    this.#pattern = pattern;
  }

  matchAt(start: number): Match | undefined {
    this.#captures = [];
    const end = this.#match(start, 0);
    if (end === undefined) return undefined;
    const captures = this.#captures.map(({ start: from, end: to }) => {
      if (to === undefined) throw new LuaError("unfinished capture");
      return to === -1 ? from + 1 : this.#text.slice(from, to);
    });
    return { start, end, captures };
  }

  /** @returns where the text matches up to, from `at` with the pattern from `p` */
  #match(at: number, p: number): number | undefined {
    const pattern = this.#pattern;
    if (p === pattern.length) return at;
    switch (pattern[p] ?? "") {
      case "(":
        return pattern[p + 1] === ")"
          ? this.#open(at, p + 2, -1)
          : this.#open(at, p + 1, undefined);
      case ")":
        return this.#close(at, p + 1);
      case "$":
        if (p + 1 === pattern.length) return at === this.#text.length ? at : undefined;
        break;
      case "%": {
        const escaped = pattern[p + 1] ?? "";
        if (escaped === "b") return this.#balance(at, p + 2);
        if (/\d/.test(escaped)) return this.#back(at, p + 2, Number(escaped));
        break;
      }
      default:
    }
    return this.#matchRepeated(at, p);
  }

  #matchRepeated(at: number, p: number): number | undefined {
    const end = this.#itemEnd(p);
    const fits = (index: number): boolean =>
      index < this.#text.length && this.#fits(this.#text[index] ?? "", p, end);
    switch (this.#pattern[end] ?? "") {
      case "?":
        return (fits(at) ? this.#match(at + 1, end + 1) : undefined) ?? this.#match(at, end + 1);
      case "-":
        for (let index = at; ; index += 1) {
          const found = this.#match(index, end + 1);
          if (found !== undefined || !fits(index)) return found;
        }
      case "*":
      case "+": {
        let index = at;
        while (fits(index)) index += 1;
        const least = this.#pattern[end] === "+" ? at + 1 : at;
        for (; index >= least; index -= 1) {
          const found = this.#match(index, end + 1);
          if (found !== undefined) return found;
        }
        return undefined;
      }
      default:
        return fits(at) ? this.#match(at + 1, end) : undefined;
    }
  }

  #open(at: number, p: number, end: number | undefined): number | undefined {
    this.#captures.push({ start: at, end });
    const found = this.#match(at, p);
    if (found === undefined) this.#captures.pop();
    return found;
  }

  #close(at: number, p: number): number | undefined {
    const capture = this.#captures.findLast((each) => each.end === undefined);
    if (capture === undefined) throw new LuaError("invalid pattern capture");
    capture.end = at;
    const found = this.#match(at, p);
    if (found === undefined) capture.end = undefined;
    return found;
  }

  #back(at: number, p: number, number: number): number | undefined {
    const capture = this.#captures[number - 1];
    if (capture?.end === undefined || capture.end < 0) throw new LuaError("invalid capture index");
    const taken = this.#text.slice(capture.start, capture.end);
    return this.#text.startsWith(taken, at) ? this.#match(at + taken.length, p) : undefined;
  }

  #balance(at: number, p: number): number | undefined {
    const [open, close] = [this.#pattern[p], this.#pattern[p + 1]];
    if (close === undefined) throw new LuaError("unbalanced pattern");
    if (this.#text[at] !== open) return undefined;
    let depth = 1;
    for (let index = at + 1; index < this.#text.length; index += 1) {
      if (this.#text[index] === close) {
        depth -= 1;
        if (depth === 0) return this.#match(index + 1, p + 2);
      } else if (this.#text[index] === open) depth += 1;
    }
    return undefined;
  }

  #itemEnd(p: number): number {
    const pattern = this.#pattern;
    if (pattern[p] === "%") {
      if (p + 1 >= pattern.length) throw new LuaError("malformed pattern (ends with '%')");
      return p + 2;
    }
    if (pattern[p] !== "[") return p + 1;
    let end = pattern[p + 1] === "^" ? p + 2 : p + 1;
    // A bracket that stands first is meant as itself.
    do {
      if (end >= pattern.length) throw new LuaError("malformed pattern (missing ']')");
      end += pattern[end] === "%" ? 2 : 1;
    } while (pattern[end] !== "]");
    return end + 1;
  }

  #fits(character: string, p: number, end: number): boolean {
    const item = this.#pattern[p] ?? "";
    if (item === ".") return true;
    if (item === "%") return isOfClass(character, this.#pattern[p + 1] ?? "");
    return item === "[" ? this.#fitsSet(character, p + 1, end - 1) : item === character;
  }

  #fitsSet(character: string, from: number, end: number): boolean {
    const pattern = this.#pattern;
    const isNegated = pattern[from] === "^";
    for (let at = isNegated ? from + 1 : from; at < end; at += 1) {
      const item = pattern[at] ?? "";
      if (item === "%") {
        at += 1;
        if (isOfClass(character, pattern[at] ?? "")) return !isNegated;
      } else if (pattern[at + 1] === "-" && at + 2 < end) {
        if (item <= character && character <= (pattern[at + 2] ?? "")) return !isNegated;
        at += 2;
      } else if (item === character) return !isNegated;
    }
    return isNegated;
  }
}

function isOfClass(character: string, name: string): boolean {
  const known = CLASSES[name.toLowerCase()];
  if (known === undefined) return name === character;
  return known.test(character) === (name === name.toLowerCase());
}
