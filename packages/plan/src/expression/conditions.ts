import { unquoteIdentifier } from "../parse/identifier.ts";
import { type Token, tokenize } from "./tokens.ts";

/** One part of a filter that must hold, joined to the others by AND. */
export interface Condition {
  /** The column that an index could find it by; `null` when no plain B-tree on a column serves it. */
  readonly column: string | null;
  readonly kind: "equality" | "range" | "boolean" | "other";
  /** True when it can be told from the row alone: no subplan in it. */
  readonly isSelfContained: boolean;
  /** Text with `$` in the place of every value, and without the table's alias. */
  readonly template: readonly string[];
}

/** Longer filters than this were written by a program; no index is read from them. */
const MOST_TOKENS = 5_000;
const LONGEST_FILTER = 100_000;

const EQUALITY = new Set(["="]);
const RANGE = new Set(["<", ">", "<=", ">="]);
/** Casts that PostgreSQL sees through when it looks for an index. */
const TRANSPARENT_CAST = new Set(["text"]);
/** Names in an expression that are no columns. */
const WORDS =
  /^(?:any|all|array|and|or|not|is|null|true|false|in|like|between|at|time|zone|collate|interval|date|timestamp|current_date|current_timestamp|current_user|session_user|localtimestamp|case|when|then|else|end|distinct|from|unknown|row|escape|similar|to|hashed|subplan|initplan|with|without|varying|precision)$/i;

/**
 * The conditions of a filter as PostgreSQL prints it: `((user_id = 5) AND (total > 10))`.
 *
 * An OR, a function around the column or a comparison of two columns is a condition without a column.
 *
 * @param alias - of the table that is filtered; its columns may carry it
 */
export function readConditions(filter: string, alias: string | null): readonly Condition[] {
  if (filter.length > LONGEST_FILTER) return [];
  const tokens = tokenize(filter);
  if (tokens.length > MOST_TOKENS) return [];
  return conjuncts(tokens).map((part) => readCondition(part, filter, alias));
}

/** Parts between ANDs outside all brackets, brackets around parts taken off; works on its own stack. */
function conjuncts(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const found: (readonly Token[])[] = [];
  const waiting: (readonly Token[])[] = [tokens];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const bare = withoutBrackets(next);
    const parts = splitAtAnd(bare);
    if (parts.length === 1) found.push(bare);
    else waiting.push(...parts.toReversed());
  }
  return found.filter((part) => part.length > 0);
}

function splitAtAnd(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    depth += depthChange(token);
    if (depth === 0 && isWord(token, "AND")) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

function withoutBrackets(tokens: readonly Token[]): readonly Token[] {
  let from = 0;
  let to = tokens.length;
  const closing = closingBrackets(tokens);
  while (from < to && tokens[from]?.text === "(" && closing.get(from) === to - 1) {
    from += 1;
    to -= 1;
  }
  return tokens.slice(from, to);
}

function closingBrackets(tokens: readonly Token[]): ReadonlyMap<number, number> {
  const open: number[] = [];
  const closing = new Map<number, number>();
  for (const [at, token] of tokens.entries()) {
    if (token.text === "(") open.push(at);
    else if (token.text === ")") {
      const start = open.pop();
      if (start !== undefined) closing.set(start, at);
    }
  }
  return closing;
}

function readCondition(tokens: readonly Token[], source: string, alias: string | null): Condition {
  const common = {
    isSelfContained: !tokens.some((token) => isWord(token, "SubPlan")),
    template: toTemplate(tokens, source, alias),
  };
  const column = columnOf(tokens, alias);
  if (column !== null) return { ...common, column, kind: "boolean" };
  if (isWord(tokens[0], "NOT")) {
    const negated = columnOf(withoutBrackets(tokens.slice(1)), alias);
    return { ...common, column: negated, kind: negated === null ? "other" : "boolean" };
  }
  const comparison = readComparison(tokens, alias);
  return { ...common, ...(comparison ?? { column: null, kind: "other" }) };
}

function readComparison(
  tokens: readonly Token[],
  alias: string | null,
): Pick<Condition, "column" | "kind"> | null {
  let depth = 0;
  for (const [at, token] of tokens.entries()) {
    depth += depthChange(token);
    if (depth !== 0) continue;
    const left = tokens.slice(0, at);
    const right = tokens.slice(at + 1);
    if (isWord(token, "IS")) {
      const column = columnOf(left, alias);
      const isNull = right.length === 1 && isWord(right[0], "NULL");
      return column === null || !isNull ? null : { column, kind: "equality" };
    }
    if (token.kind !== "operator" || token.text === "::") continue;
    const kind = EQUALITY.has(token.text) ? "equality" : RANGE.has(token.text) ? "range" : null;
    if (kind === null) return null;
    const column = columnOf(left, alias);
    if (column !== null) return isValue(right, alias) ? { column, kind } : null;
    const flipped = columnOf(right, alias);
    return flipped === null || !isValue(left, alias) ? null : { column: flipped, kind };
  }
  return null;
}

/** `user_id`, `o.user_id`, `"User Id"`, `(email)::text`; else `null`. */
function columnOf(tokens: readonly Token[], alias: string | null): string | null {
  let bare = withoutBrackets(tokens);
  const [cast, type] = bare.slice(-2);
  if (bare.length > 2 && cast?.text === "::" && TRANSPARENT_CAST.has(type?.text ?? "")) {
    bare = withoutBrackets(bare.slice(0, -2));
  }
  const [first, dot, second] = bare;
  if (first?.kind !== "name") return null;
  if (bare.length === 1) return isKeyword(first) ? null : unquoteIdentifier(first.text);
  if (bare.length !== 3 || dot?.text !== "." || second?.kind !== "name") return null;
  return alias === null || unquoteIdentifier(first.text) === alias
    ? unquoteIdentifier(second.text)
    : null;
}

/** True when no column of the filtered table is in it: literals, parameters, functions, columns of other tables. */
function isValue(tokens: readonly Token[], alias: string | null): boolean {
  return tokens.every((token, at) => {
    if (token.kind !== "name" || isKeyword(token)) return true;
    const before = tokens[at - 1];
    const after = tokens[at + 1];
    if (before?.text === "::" || after?.text === "(" || after?.text === "[") return true;
    // `x.y`: another table's column, when x is another table.
    if (after?.text === ".") return unquoteIdentifier(token.text) !== alias;
    return before?.text === "." || (before?.kind === "name" && !token.text.startsWith('"'));
  });
}

function isKeyword(token: Token): boolean {
  return WORDS.test(token.text);
}

/** Source pieces between values; the alias is dropped, values of other places (InitPlans, other tables) become values too. */
function toTemplate(
  tokens: readonly Token[],
  source: string,
  alias: string | null,
): readonly string[] {
  const pieces: string[] = [];
  let text = "";
  let end = tokens[0]?.start ?? 0;
  const closing = closingBrackets(tokens);
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined) continue;
    text += source.slice(end, token.start).replaceAll(/\s+/g, " ");
    end = token.end;
    const isQualifier =
      token.kind === "name" && tokens[at + 1]?.text === "." && tokens[at + 2] !== undefined;
    const closes = closing.get(at);
    if (token.text === "(" && closes !== undefined && isWord(tokens[at + 1], "InitPlan")) {
      // `(InitPlan 1).col1` stands for a value.
      at = Math.min(tokens.length - 1, closes + 2);
      pieces.push(text);
      text = "";
      end = tokens[at]?.end ?? end;
    } else if (isQualifier) {
      at += 1;
      end = tokens[at]?.end ?? end;
      if (alias === null || unquoteIdentifier(token.text) === alias) continue;
      at += 1;
      end = tokens[at]?.end ?? end;
      pieces.push(text);
      text = "";
    } else if (["string", "number", "parameter"].includes(token.kind)) {
      pieces.push(text);
      text = "";
    } else text += token.text;
  }
  return [...pieces, text];
}

function depthChange(token: Token): number {
  if (token.text === "(" || token.text === "[") return 1;
  return token.text === ")" || token.text === "]" ? -1 : 0;
}

function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === "name" && token.text.toLowerCase() === word.toLowerCase();
}
