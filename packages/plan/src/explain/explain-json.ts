import type { Finding } from "@upshift/findings";
import type { NodeAnalysis, PlanAnalysis } from "../analyze/plan-analysis.ts";
import type { Plan, PlanNode } from "../plan.ts";

/** What `upshift explain --json` prints. Unknown values are `null`; `rows` and `planRows` are per loop. */
export interface ExplainedPlan {
  readonly schemaVersion: 1;
  readonly format: Plan["format"];
  readonly executionMs: number | null;
  readonly planningMs: number | null;
  readonly nodes: readonly ExplainedNode[];
  readonly findings: readonly Finding[];
}

export interface ExplainedNode {
  readonly id: number;
  readonly parent: number | null;
  readonly type: string;
  readonly relation: string | null;
  readonly index: string | null;
  /** Wall milliseconds of the node alone. */
  readonly selfMs: number | null;
  readonly rows: number | null;
  readonly planRows: number | null;
  readonly loops: number | null;
}

/** The plan, its self times and its findings as one JSON value. */
export function explainJson(
  plan: Plan,
  analysis: PlanAnalysis,
  findings: readonly Finding[],
): ExplainedPlan {
  return {
    schemaVersion: 1,
    format: plan.format,
    executionMs: plan.executionMs,
    planningMs: plan.planningMs,
    nodes: plan.nodes.map((node) => explainNode(node, analysis.nodes[node.id])),
    findings,
  };
}

function explainNode(node: PlanNode, facts: NodeAnalysis | undefined): ExplainedNode {
  return {
    id: node.id,
    parent: node.parentId,
    type: node.type,
    relation: node.relation,
    index: node.index,
    selfMs: round(facts?.selfMs ?? null),
    rows: node.rows,
    planRows: node.planRows,
    loops: node.loops,
  };
}

/** Far below the microsecond that plans print, so that sums still hold; hides the noise of binary fractions. */
function round(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1e6) / 1e6;
}
