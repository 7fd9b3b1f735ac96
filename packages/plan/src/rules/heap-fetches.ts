import type { Finding } from "@upshift/findings";
import type { PlanNode } from "../plan.ts";
import { tableOf } from "../finding/node-text.ts";
import { formatCount } from "../finding/format-count.ts";
import { planFinding, titleOf } from "../finding/plan-finding.ts";
import type { PlanRule, PlanRuleContext } from "../plan-rule.ts";

/** An index-only scan has to look into the table after all. */
export const heapFetches: PlanRule = {
  id: "plan/heap-fetches",
  find: (context) => context.plan.nodes.flatMap((node) => findIn(context, node)),
};

function findIn(context: PlanRuleContext, node: PlanNode): readonly Finding[] {
  if (node.type !== "Index Only Scan" || node.heapFetches === null) return [];
  // Heap fetches are a total; rows are per loop.
  const perLoop =
    (node.rows ?? 0) + (node.rowsRemovedByFilter ?? 0) + (node.rowsRemovedByRecheck ?? 0);
  const rows = Math.max(perLoop * (node.loops ?? 1), node.heapFetches);
  if (node.heapFetches < context.threshold("minHeapFetches")) return [];
  if (node.heapFetches < context.threshold("minFetchRatio") * rows) return [];
  const table = tableOf(node);
  return [
    planFinding(context, {
      rule: "plan/heap-fetches",
      node,
      confidence: "proven",
      title: `${titleOf(node)} visits the table for ${formatCount(node.heapFetches)} of ${formatCount(rows)} rows`,
      evidence: [
        { kind: "count", label: "heap fetches", value: node.heapFetches, unit: "rows" },
        {
          kind: "count",
          label: "share of the rows",
          value: node.heapFetches / rows,
          unit: "ratio",
        },
      ],
      fix: {
        title: "Vacuum the table, and let autovacuum come more often where it is written much",
        ...(table === null ? {} : { sql: `VACUUM (ANALYZE) ${table};` }),
        caution:
          "VACUUM marks pages all-visible only when no transaction is older than their rows; it reads the table and cannot run " +
          "inside a transaction.",
      },
      savedRatio: 0.8 * (node.heapFetches / rows),
    }),
  ];
}
