import { PlanParseError } from "./plan-errors.ts";
import type { Plan } from "./plan.ts";
import { buildPlan } from "./parse/build-plan.ts";
import { readJsonDocument } from "./parse/json-document.ts";
import { looksLikeJsonPlan, readJsonValue } from "./parse/json-source.ts";
import { findPlan } from "./parse/plan-start.ts";
import { isBinary, refusalOf } from "./parse/refusal.ts";
import { readTextDocument } from "./parse/text-document.ts";
import { normalizeBlanks, undress, undressJson } from "./parse/undress.ts";

/** Far above any plan; bounds time and memory on input that is none. */
const LONGEST = 64_000_000;

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
  const lines = undress(plain);
  const found = findPlan(lines);
  if (looksLikeJsonPlan(plain)) {
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

/** JSON may hold the plan of a text format (driver rows, a JSON log), once; deeper is nothing that anyone pastes. */
function parseJson(plain: string, nesting: number): Plan {
  const finding = readJsonDocument(readUndressed(plain));
  if ("text" in finding) {
    if (nesting > 1) throw new PlanParseError("json-without-plan");
    return parse(finding.text, nesting + 1);
  }
  const duration = /duration: ([\d.]+) ms\s+plan:/.exec(plain.slice(0, 10_000))?.[1];
  return buildPlan(finding, {
    query: null,
    executionMs: duration === undefined ? null : Number(duration),
  });
}

/** Most JSON comes bare; only where that fails frames and then quotes are taken off, so that they cannot harm it. */
function readUndressed(plain: string): unknown {
  try {
    return readJsonValue(plain);
  } catch (error) {
    for (const dressed of undressJson(plain)) {
      try {
        return readJsonValue(dressed);
      } catch {
        // The first failure says most about what was pasted.
      }
    }
    throw error;
  }
}
