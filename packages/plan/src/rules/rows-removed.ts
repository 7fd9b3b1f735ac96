import type { Finding } from "@upshift/findings";
import type { PlanNode } from "../plan.ts";
import { indexHint } from "./index-hint.ts";
import { formatCount, ownRatio, planFinding, titleOf } from "./plan-finding.ts";
import type { PlanRule, PlanRuleContext } from "./plan-rule.ts";

const SCANS: ReadonlySet<string> = new Set(["Index Scan", "Index Only Scan", "Bitmap Heap Scan"]);

/** An index finds rows that the filter behind it throws away. */
export const rowsRemoved: PlanRule = {
  id: "plan/rows-removed",
  find: (context) => context.plan.nodes.flatMap((node) => findIn(context, node)),
};

function findIn(context: PlanRuleContext, node: PlanNode): readonly Finding[] {
  const { threshold } = context;
  if (!SCANS.has(node.type) || node.filter === null || node.rows === null) return [];
  const loops = node.loops ?? 1;
  const removed = (node.rowsRemovedByFilter ?? 0) * loops;
  const read = removed + node.rows * loops;
  if (removed < threshold("minRowsRemoved")) return [];
  if (removed < threshold("minRemovedRatio") * read) return [];
  if (ownRatio(context, node) < threshold("minCostRatio")) return [];
  const { fix, probe } = indexHint(context.plan, node);
  return [
    planFinding(context, {
      rule: "plan/rows-removed",
      node,
      confidence: fix.sql === undefined ? "likely" : "hint",
      title: `${titleOf(node)} fetches ${formatCount(read)} rows and throws ${formatCount(removed)} of them away`,
      evidence: [
        {
          kind: "count",
          label: "rows removed by the filter",
          value: Math.round(removed),
          unit: "rows",
        },
        {
          kind: "count",
          label: "rows fetched by the index",
          value: Math.round(read),
          unit: "rows",
        },
      ],
      fix,
      probe,
      savedRatio: removed / read,
    }),
  ];
}
