import { PlanParseError } from "../plan-errors.ts";

/** True when the text has a plan's JSON in it, in whatever quoting. */
export function looksLikeJsonPlan(text: string): boolean {
  if (/"(?:Node Type|Plan|QUERY PLAN)\\?"+\s*:/.test(text)) return true;
  // A text plan in a string of JSON: a log line, an array of rows.
  if (/^\s*\[\s*[["]/.test(text)) return true;
  return /^\s*[[{]/.test(text) && /\((?:cost=|actual )|\bplan:\\n/.test(text);
}

/** Where the first value that may hold a plan begins; the text's length when there is none. */
export function findJsonStart(text: string): number {
  const at = text.search(START);
  return at === -1 ? text.length : at;
}

/** A bracket before what JSON may go on with, so that `[1234]` of a log's prefix is none. */
const START = /[[{](?=\s*(?:\{|\[\s*[[{"]|\\?"))/;

/** More starts than any log prefix has brackets; bounds the work on hostile input. */
const MOST_FAILURES = 16;

/** A value of JSON, and what stood in the text before it. */
export interface JsonSource {
  readonly value: unknown;
  readonly before: string;
}

/** The ways to read a text as JSON: as it stands; then with quotes undone that CSV doubled or another JSON escaped. */
export function readingsOf(text: string): readonly string[] {
  const undone = undoQuoting(text);
  return undone === text ? [text] : [text, undone];
}

/** What of the text before a value is kept: a log's prefix stands right before its plan. */
const LONGEST_BEFORE = 20_000;

/**
 * The JSON values in a text, which may have log lines before, between and after them; each as it is found.
 *
 * Line breaks that a terminal put into strings are removed.
 *
 * @throws {PlanParseError} after the last value, when one had no end or was not JSON
 * @yields the values in the text's order
 */
export function* readJsonValues(source: string): Generator<JsonSource> {
  const starts = new RegExp(START, "g");
  let failure: unknown;
  let failures = 0;
  let isCut = false;
  while (failures < MOST_FAILURES) {
    const match = starts.exec(source);
    if (match === null) break;
    const slice = sliceBalanced(source, match.index);
    if (slice === null) {
      isCut = true;
      failures += 1;
      continue;
    }
    starts.lastIndex = slice.end;
    const before = source.slice(Math.max(0, match.index - LONGEST_BEFORE), match.index);
    let value: unknown;
    try {
      value = JSON.parse(slice.json) as unknown;
    } catch (error) {
      failure ??= error;
      failures += 1;
      continue;
    }
    yield { value, before };
  }
  if (failure !== undefined) throw new PlanParseError("invalid-json", failure);
  if (isCut) throw new PlanParseError("truncated-json");
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
