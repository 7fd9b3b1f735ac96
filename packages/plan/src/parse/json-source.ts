import { PlanParseError } from "../plan-errors.ts";

/** True when the text has a plan's JSON in it, in whatever quoting. */
export function looksLikeJsonPlan(text: string): boolean {
  if (/"(?:Node Type|Plan|QUERY PLAN)\\?"+\s*:/.test(text)) return true;
  // A text plan in a string of JSON: a log line, an array of rows.
  return /^\s*[[{]/.test(text) && /\((?:cost=|actual )/.test(text);
}

/** More starts than any log prefix has brackets; bounds the work on hostile input. */
const MOST_STARTS = 16;

/**
 * Finds the JSON value in a text that may have a log line before it and a footer after it, and parses it.
 *
 * Quotes doubled by CSV or escaped by another JSON are undone first; line breaks that a terminal put into strings are removed.
 *
 * @throws {PlanParseError} when the value has no end, or is not JSON
 */
export function readJsonValue(text: string): unknown {
  const source = undoQuoting(text);
  const starts = /[[{](?=\s*(?:\{|\[\s*[[{]|"))/g;
  let failure: unknown;
  let isCut = false;
  for (let tries = 0; tries < MOST_STARTS; tries += 1) {
    const match = starts.exec(source);
    if (match === null) break;
    const value = sliceBalanced(source, match.index);
    if (value === null) {
      isCut = true;
      continue;
    }
    try {
      return JSON.parse(value.json) as unknown;
    } catch (error) {
      failure ??= error;
      starts.lastIndex = value.end;
    }
  }
  throw failure === undefined
    ? new PlanParseError(isCut || looksLikeJsonPlan(source) ? "truncated-json" : "text")
    : new PlanParseError("invalid-json", failure);
}

function undoQuoting(text: string): string {
  if (/""(?:Node Type|Plan|QUERY PLAN)""\s*:/.test(text)) return text.replaceAll('""', '"');
  if (/\\"(?:Node Type|Plan|QUERY PLAN)\\"\s*:/.test(text)) {
    return text.replaceAll(/\\(["\\/bfnrt])/g, (_, char: string) => ESCAPES[char] ?? char);
  }
  return text;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "", t: " ", b: "", f: "" };

interface Slice {
  readonly json: string;
  readonly end: number;
}

/** The value that begins at `start`, up to its closing bracket; `null` when the text ends before. */
function sliceBalanced(text: string, start: number): Slice | null {
  const pieces: string[] = [];
  let depth = 0;
  let isInString = false;
  let from = start;
  for (let at = start; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (isInString) {
      if (char === "\\") at += 1;
      else if (char === '"') isInString = false;
      else if (char < " ") {
        pieces.push(text.slice(from, at), char === "\t" ? " " : "");
        from = at + 1;
      }
    } else if (char === '"') isInString = true;
    else if (char === "{" || char === "[") depth += 1;
    else if (char === "}" || char === "]") {
      depth -= 1;
      if (depth === 0) {
        pieces.push(text.slice(from, at + 1));
        return { json: pieces.join(""), end: at + 1 };
      }
    }
  }
  return null;
}
