import type { Finding } from "@upshift/findings";
import { formatCount } from "../finding/format-count.ts";
import { indexHint } from "../finding/index-hint.ts";
import { ownRatio, planFinding, titleOf } from "../finding/plan-finding.ts";
import type { PlanRule, PlanRuleContext } from "../plan-rule.ts";
import type { PlanNode } from "../plan.ts";

const SCANS: ReadonlySet<string> = new Set(["Index Scan", "Index Only Scan", "Bitmap Heap Scan"]);

/** An index finds rows that the filter behind it throws away. */
export const rowsRemoved: PlanRule = {
  id: "plan/rows-removed",
  find: (context) => context.plan.nodes.flatMap((node) => findIn(context, node)),
};

function findIn(context: PlanRuleContext, node: PlanNode): readonly Finding[] {
  const { threshold } = context;
  if (!SCANS.has(node.type) || node.filter === null) return [];
  const rows = node.rows === null ? plannedRows(node) : measuredRows(node, node.rows);
  if (rows === null || rows.removed < threshold("minRowsRemoved")) return [];
  if (rows.removed < threshold("minRemovedRatio") * rows.fetched) return [];
  if (ownRatio(context, node) < threshold("minCostRatio")) return [];
  const { fix, probe } = indexHint(context.plan, node);
  const about = rows.isMeasured ? "" : "about ";
  const basis = rows.isMeasured ? "" : ", as planned";
  return [
    planFinding(context, {
      rule: "plan/rows-removed",
      node,
      confidence: fix.sql === undefined && rows.isMeasured ? "likely" : "hint",
      title: `${titleOf(node)} fetches ${about}${formatCount(rows.fetched)} rows and throws ${about}${formatCount(rows.removed)} of them away`,
      evidence: [
        {
          kind: "count",
          label: `rows removed by the filter${basis}`,
          value: Math.round(rows.removed),
          unit: "rows",
        },
        {
          kind: "count",
          label: `rows fetched by the index${basis}`,
          value: Math.round(rows.fetched),
          unit: "rows",
        },
      ],
      fix,
      probe,
      savedRatio: rows.removed / rows.fetched,
    }),
  ];
}

interface FetchedRows {
  /** Over all loops. */
  readonly fetched: number;
  readonly removed: number;
  readonly isMeasured: boolean;
}

function measuredRows(node: PlanNode, rows: number): FetchedRows {
  const loops = node.loops ?? 1;
  const removed = (node.rowsRemovedByFilter ?? 0) * loops;
  return { fetched: removed + rows * loops, removed, isMeasured: true };
}

/** Without ANALYZE only a bitmap tells what the index is expected to find: its scan below is planned apart from the filter. */
function plannedRows(node: PlanNode): FetchedRows | null {
  const [bitmap] = node.children;
  if (bitmap?.type !== "Bitmap Index Scan") return null;
  if (bitmap.planRows === null || node.planRows === null) return null;
  const removed = Math.max(0, bitmap.planRows - node.planRows);
  return { fetched: bitmap.planRows, removed, isMeasured: false };
}
