import { PlanParseError } from "../plan-errors.ts";
import {
  isProperties,
  MAX_DEPTH,
  type NodeDocument,
  type PlanDocument,
  type Properties,
} from "./plan-document.ts";
import { hasFigures, parseNodeLine } from "./text-node-line.ts";

/** A plan found in a JSON value, or the text of a text plan that was wrapped in JSON (rows of a driver, a JSON log line). */
export type JsonFinding = PlanDocument | { readonly text: string };

/** Values looked at before giving up: a plan stands near the top of what people paste. */
const MOST_VALUES = 10_000;

/**
 * Finds the first plan in a JSON value: an array of one, an object with `Plan`, a bare node, rows of a driver.
 *
 * @returns `null` when there is none
 * @throws {PlanParseError} when it is nested too deep
 */
export function readJsonDocument(value: unknown): JsonFinding | null {
  const waiting: unknown[] = [value];
  for (let seen = 0; seen < MOST_VALUES && seen < waiting.length; seen += 1) {
    const next = waiting[seen];
    if (Array.isArray(next)) {
      const rows = readRows(next);
      if (rows !== null) return { text: rows };
      for (const item of next.slice(0, MOST_VALUES)) waiting.push(item);
    } else if (isProperties(next)) {
      if (isNode(next["Plan"])) return toDocument(next["Plan"], withoutPlan(next));
      if (isNode(next)) return toDocument(next, {});
      waiting.push(...Object.values(next).slice(0, MOST_VALUES));
    } else if (typeof next === "string" && holdsPlan(next)) {
      return { text: next };
    }
  }
  return null;
}

/** `[{ "QUERY PLAN": "Seq Scan on t …" }, …]`, `[["Seq Scan on t …"], …]`, as drivers return a text plan: rows of one column. */
function readRows(rows: readonly unknown[]): string | null {
  const lines: string[] = [];
  for (const row of rows) {
    const columns = typeof row === "object" && row !== null ? Object.values(row) : [row];
    const [line] = columns as readonly unknown[];
    if (columns.length !== 1 || typeof line !== "string") return null;
    lines.push(line);
  }
  const isNamed = rows.some((row) => isProperties(row) && "QUERY PLAN" in row);
  return isNamed || isNodeLine(lines[0] ?? "") ? lines.join("\n") : null;
}

function isNodeLine(line: string): boolean {
  return parseNodeLine(line.trim()) !== null;
}

/** A plan of either format in a string; with COSTS OFF a log's own words tell. */
function holdsPlan(text: string): boolean {
  return text.includes('Node Type"') || hasFigures(text) || /\bplan:\n/.test(text);
}

function withoutPlan(properties: Properties): Properties {
  const { Plan: _, ...rest } = properties;
  return rest;
}

/** Walks with its own stack: the depth of a plan is the user's, the call stack's is not. */
function toDocument(plan: Properties, properties: Properties): PlanDocument {
  const root = toNode(plan);
  const waiting: { node: NodeDocument; plans: unknown; depth: number }[] = [
    { node: root, plans: plan["Plans"], depth: 1 },
  ];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (!Array.isArray(next.plans)) continue;
    if (next.depth > MAX_DEPTH) throw new PlanParseError("too-deep");
    for (const child of next.plans as unknown[]) {
      if (!isProperties(child)) continue;
      const node = toNode(child);
      next.node.children.push(node);
      waiting.push({ node, plans: child["Plans"], depth: next.depth + 1 });
    }
  }
  return { format: "json", root, properties };
}

function toNode(plan: Properties): NodeDocument {
  const { Plans: _, ...properties } = plan;
  return { properties, children: [] };
}

function isNode(value: unknown): value is Properties {
  return isProperties(value) && typeof value["Node Type"] === "string";
}
