import { PlanParseError } from "../plan-errors.ts";
import {
  isProperties,
  MAX_DEPTH,
  type NodeDocument,
  type PlanDocument,
  type Properties,
} from "./plan-document.ts";

/** A plan found in a JSON value, or the text of a text plan that was wrapped in JSON (rows of a driver, a JSON log line). */
export type JsonFinding = PlanDocument | { readonly text: string };

/** Values looked at before giving up: a plan stands near the top of what people paste. */
const MOST_VALUES = 10_000;

/**
 * Finds the first plan in a JSON value: an array of one, an object with `Plan`, a bare node, rows of a driver.
 *
 * @throws {PlanParseError} when there is none, or it is nested too deep
 */
export function readJsonDocument(value: unknown): JsonFinding {
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
    } else if (typeof next === "string" && /Node Type"|\((?:cost|actual)[ =]/.test(next)) {
      return { text: next };
    }
  }
  throw new PlanParseError("json-without-plan");
}

/** `[{ "QUERY PLAN": "Seq Scan on t …" }, { "QUERY PLAN": "  Filter: …" }]`, as drivers return a text plan. */
function readRows(rows: readonly unknown[]): string | null {
  const lines: string[] = [];
  for (const row of rows) {
    const line = isProperties(row) ? row["QUERY PLAN"] : row;
    if (typeof line !== "string") return null;
    lines.push(line);
  }
  return lines.length === 0 ? null : lines.join("\n");
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
