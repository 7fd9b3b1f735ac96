import { PlanParseError } from "./plan-errors.ts";
import type { Plan } from "./plan.ts";
import { buildPlan } from "./parse/build-plan.ts";
import { readEscapedText } from "./parse/escaped-text.ts";
import { readJsonDocument } from "./parse/json-document.ts";
import {
  findJsonStart,
  looksLikeJsonPlan,
  readingsOf,
  readJsonValues,
} from "./parse/json-source.ts";
import { findPlan, type FoundPlan, loggedDurationMs } from "./parse/plan-start.ts";
import { isBinary, refusalOf } from "./parse/refusal.ts";
import { readTextDocument } from "./parse/text-document.ts";
import { normalizeBlanks, undress, undressJson } from "./parse/undress.ts";

/** Far above any plan; bounds time and memory on input that is none. */
const LONGEST = 64_000_000;

/** JSON may hold a text that holds the plan (driver rows, a JSON log of JSON plans); deeper is nothing that anyone pastes. */
const DEEPEST = 2;

/**
 * Reads what `EXPLAIN` printed, in JSON or TEXT, in the dress it was pasted in: psql's frames, quotes, log lines, wrapped lines.
 *
 * Takes time linear in the text. Where there are several plans, the first is read.
 *
 * @throws {PlanParseError} when there is no plan in the text; the message says what it looks like and what to run instead
 */
export function parsePlan(text: string): Plan {
  return parse(text, 0);
}

function parse(text: string, nesting: number): Plan {
  if (text.length > LONGEST) throw new PlanParseError("too-large");
  if (isBinary(text.slice(0, 20_000))) throw new PlanParseError("binary");
  const plain = normalizeBlanks(text);
  const unescaped = nesting < DEEPEST ? readEscapedText(plain) : null;
  if (unescaped !== null) return parse(unescaped, nesting + 1);
  const lines = undress(plain);
  const found = findPlan(lines);
  if (looksLikeJsonPlan(plain) && !isBefore(found, plain)) {
    try {
      return parseJson(plain, nesting);
    } catch (error) {
      // A text plan may have JSON in a literal.
      if (found === null) throw error;
    }
  }
  if (found === null) throw refusalOf(plain);
  return buildPlan(readTextDocument(found.lines), found);
}

/** True when a text plan begins before any JSON does: a log with plans of both formats, a literal of JSON in a filter. */
function isBefore(found: FoundPlan | null, plain: string): boolean {
  const [root = ""] = found?.lines ?? [];
  const at = root === "" ? -1 : plain.indexOf(root.trim());
  return at !== -1 && at < findJsonStart(plain);
}

/** Most JSON comes bare; only where that fails, frames and then quotes are taken off, so that they cannot harm it. */
function parseJson(plain: string, nesting: number): Plan {
  let failure: unknown;
  for (const dressed of [plain, ...undressJson(plain)]) {
    for (const source of readingsOf(dressed)) {
      try {
        const plan = readFirstPlan(source, nesting);
        if (plan !== null) return plan;
      } catch (error) {
        if (error instanceof PlanParseError && error.looksLike === "too-deep") throw error;
        // The first failure says most about what was pasted.
        failure ??= error;
      }
    }
  }
  throw failure ?? new PlanParseError("json-without-plan");
}

function readFirstPlan(source: string, nesting: number): Plan | null {
  for (const { value, before } of readJsonValues(source)) {
    const finding = readJsonDocument(value);
    if (finding === null) continue;
    if (!("text" in finding)) {
      return buildPlan(finding, { query: null, executionMs: loggedDurationMs(before) });
    }
    if (nesting < DEEPEST) return parse(finding.text, nesting + 1);
  }
  return null;
}
