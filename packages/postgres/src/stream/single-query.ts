import { InvalidArgumentError } from "@upshift/foundation";
import { readToken, splitPlaceholders } from "../sql/placeholders.ts";
import { Sql } from "../sql/sql.ts";

/** A query whose rows are streamed: a piece of SQL, or text with `$1`, `$2`, … and their values. */
export type StreamQuery = Sql | { readonly text: string; readonly values?: readonly unknown[] };

/** One query, fit to be set in parentheses. */
export interface SingleQuery {
  /** Without a closing semicolon; ends with a line break, so that a comment at its end hides nothing. */
  readonly text: string;
  readonly values: readonly unknown[];
  /** The text around its parameters: one more than `numbers`. */
  readonly texts: readonly string[];
  /** The `n` of each `$n`, in the order of the text. */
  readonly numbers: readonly number[];
}

/** What rows can be read from inside of another query. */
const QUERY_WORDS = new Set(["select", "with", "values", "table"]);

/**
 * Reads a query and makes sure that it is one, and only one.
 *
 * @throws {InvalidArgumentError} for several statements, for one that is no query, and for values that do not fit the parameters
 */
export function readQuery(query: StreamQuery): SingleQuery {
  const { text, values } = compile(query);
  const body = `${text.slice(0, statementEnd(text))}\n`;
  const { texts, numbers, endsInside } = splitPlaceholders(body);
  if (endsInside !== undefined) {
    throw new InvalidArgumentError("a complete query", `text that ends inside of a ${endsInside}`);
  }
  const word = firstWord(body);
  if (!QUERY_WORDS.has(word)) {
    throw new InvalidArgumentError("a query that begins with SELECT, WITH, VALUES or TABLE", word);
  }
  const highest = Math.max(0, ...numbers);
  if (highest !== values.length || new Set(numbers).size !== highest || numbers.includes(0)) {
    throw new InvalidArgumentError(
      `each of the ${values.length} values in the query's text, $1 to $${values.length}`,
      `parameters ${[...new Set(numbers)].toSorted((a, b) => a - b).join(", ") || "none"}`,
    );
  }
  return { text: body, values, texts, numbers };
}

function compile(query: StreamQuery): {
  readonly text: string;
  readonly values: readonly unknown[];
} {
  if (query instanceof Sql) return query.compile();
  if (typeof query !== "object" || query === null || typeof query.text !== "string") {
    throw new InvalidArgumentError("a query as sql`…` or { text, values }", typeof query);
  }
  const values: unknown = query.values ?? [];
  if (!Array.isArray(values)) {
    throw new InvalidArgumentError("`values` of the query as an array", typeof values);
  }
  return { text: query.text, values };
}

/**
 * Where the first statement ends: at its semicolon, or at the end of the text.
 *
 * @throws {InvalidArgumentError} when another statement follows, or a parenthesis is closed that was not opened, which would end what the query is set in
 */
function statementEnd(text: string): number {
  let depth = 0;
  let end: number | undefined;
  for (const { token, start } of tokens(text)) {
    if (end !== undefined && token !== ";" && !isBlank(token)) {
      throw new InvalidArgumentError("one query", "several statements in one text");
    }
    if (token === "(") depth += 1;
    else if (token === ")") depth -= 1;
    else if (token === ";") end ??= start;
    if (depth < 0) {
      throw new InvalidArgumentError("a complete query", "one that closes a parenthesis too many");
    }
  }
  return end ?? text.length;
}

function firstWord(text: string): string {
  for (const { token } of tokens(text)) {
    if (!isBlank(token) && token !== "(") return token.toLowerCase();
  }
  return "nothing";
}

function* tokens(text: string): Generator<{ readonly token: string; readonly start: number }> {
  for (let start = 0; start < text.length;) {
    const { end } = readToken(text, start);
    yield { token: text.slice(start, end), start };
    start = end;
  }
}

function isBlank(token: string): boolean {
  return /^\s*$/.test(token) || token.startsWith("--") || token.startsWith("/*");
}
