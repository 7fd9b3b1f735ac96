import type { Amount, Finding } from "@upshift/findings";
import type { PlanNode } from "../plan.ts";
import { tableBelow } from "../finding/node-text.ts";
import { formatCount } from "../finding/format-count.ts";
import { planFinding } from "../finding/plan-finding.ts";
import type { PlanRule, PlanRuleContext } from "../plan-rule.ts";

/** A Limit reads and throws away the rows of all pages before the one asked for. */
export const largeOffset: PlanRule = {
  id: "sql/offset",
  find: (context) => context.plan.nodes.flatMap((node) => findIn(context, node)),
};

function findIn(context: PlanRuleContext, node: PlanNode): readonly Finding[] {
  const child = node.children.find((below) => below.parentRelationship === "Outer");
  if (node.type !== "Limit" || child === undefined) return [];
  const skipped = node.rows === null ? plannedSkip(node, child) : measuredSkip(node, child);
  if (skipped === null || skipped < context.threshold("minRowsSkipped")) return [];
  const isMeasured = node.rows !== null;
  const read = (isMeasured ? child.rows : child.planRows) ?? skipped;
  const table = tableBelow(node);
  const about = isMeasured ? "" : "about ";
  return [
    planFinding(context, {
      rule: "sql/offset",
      node,
      confidence: isMeasured ? "proven" : "likely",
      title: `OFFSET reads and throws away ${about}${formatCount(skipped)} rows${table === null ? "" : ` of ${table}`} before the page`,
      evidence: [
        {
          kind: "count",
          label: isMeasured ? "rows skipped" : "rows skipped, estimated from the cost",
          value: Math.round(skipped),
          unit: "rows",
        },
        {
          kind: "count",
          label: "rows returned",
          value: (isMeasured ? node.rows : node.planRows) ?? 0,
          unit: "rows",
        },
      ],
      cost: wholeCost(context, node),
      fix: {
        title:
          "Ask for the rows after the last one seen (a keyset page) instead of counting from the start",
        part: "@upshift/postgres keyset",
        caution:
          "The order needs a unique last key, or rows are lost or repeated between pages; jumps to page N are not possible.",
      },
      savedRatio: Math.min(1, skipped / Math.max(read, 1)),
    }),
  ];
}

/** A Limit stops its child at the last row it returns, so every row beyond those was skipped. */
function measuredSkip(node: PlanNode, child: PlanNode): number | null {
  if (node.loops === 0 || child.rows === null) return null;
  return child.rows * ((child.loops ?? 1) / Math.max(1, node.loops ?? 1)) - (node.rows ?? 0);
}

/** The planner charges a Limit's start with the share of its child's run that OFFSET skips. Source: pathnode.c, adjust_limit_rows_costs. */
function plannedSkip(node: PlanNode, child: PlanNode): number | null {
  const { startupCost, planRows } = child;
  if (
    node.startupCost === null ||
    startupCost === null ||
    planRows === null ||
    child.totalCost === null
  )
    return null;
  const run = child.totalCost - startupCost;
  const paid = node.startupCost - startupCost;
  // Costs are printed to two digits; less than this is rounding.
  return paid < 0.02 || run <= 0 ? null : Math.min(1, paid / run) * planRows;
}

function wholeCost({ analysis }: PlanRuleContext, node: PlanNode): Amount {
  const ms = analysis.nodes[node.id]?.totalMs ?? null;
  if (ms !== null) return { ms };
  return node.totalCost === null ? {} : { planCost: node.totalCost };
}
