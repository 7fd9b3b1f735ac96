import type { Finding } from "@upshift/findings";
import type { PlanNode } from "../plan.ts";
import { readConditions } from "../expression/conditions.ts";
import { quoteIdentifier } from "../expression/quote-identifier.ts";
import { isEstimateComparable } from "../finding/comparable-estimate.ts";
import { tableOf } from "../finding/node-text.ts";
import { formatCount } from "../finding/format-count.ts";
import { planFinding, titleOf } from "../finding/plan-finding.ts";
import type { PlanRule, PlanRuleContext } from "../plan-rule.ts";
import { ancestorsOf } from "../plan-tree.ts";

/** The planner expected far fewer or far more rows than came. */
export const misestimate: PlanRule = {
  id: "plan/misestimate",
  find: (context) => {
    const { analysis, threshold } = context;
    // On a query that takes no time a wrong estimate costs nothing.
    if (analysis.rootMs !== null && analysis.rootMs < threshold("minMs")) return [];
    return context.plan.nodes.flatMap((node) => findIn(context, node));
  },
};

function findIn(context: PlanRuleContext, node: PlanNode): readonly Finding[] {
  const { threshold } = context;
  const factor = wrongBy(context, node);
  if (factor === null) return [];
  // A wrong estimate goes up the tree; the finding belongs where it arises.
  if (node.children.some((child) => passesOn(child) && wrongBy(context, child) !== null)) return [];
  const planned = formatCount(node.planRows ?? 0);
  const came = formatCount(node.rows ?? 0);
  const isSevere = factor >= threshold("severeFactor") && misleads(context, node);
  return [
    planFinding(context, {
      rule: "plan/misestimate",
      node,
      severity: isSevere ? "warn" : "info",
      confidence: "proven",
      title: `${titleOf(node)}: the planner expected ${planned} ${rowWord(node)} and got ${came}, ${formatCount(factor)} times off`,
      evidence: [
        { kind: "count", label: "rows planned", value: node.planRows ?? 0, unit: "rows" },
        { kind: "count", label: "rows that came", value: node.rows ?? 0, unit: "rows" },
        { kind: "count", label: "times off", value: factor },
      ],
      fix: fixOf(node),
      savedRatio: null,
    }),
  ];
}

/** True when something was chosen by the number: scans and joins were, and all that stands below a join. A last GROUP BY or UNION was not. */
function misleads({ plan }: PlanRuleContext, node: PlanNode): boolean {
  if (!/^(?:Aggregate|Unique|SetOp|Group|WindowAgg)$/.test(node.type)) return true;
  for (const above of ancestorsOf(plan, node)) {
    if (above.joinType !== null) return true;
  }
  return false;
}

function wrongBy({ analysis, plan, threshold }: PlanRuleContext, node: PlanNode): number | null {
  const { estimateFactor = null } = analysis.nodes[node.id] ?? {};
  if (estimateFactor === null || estimateFactor < threshold("minFactor")) return null;
  const rows = Math.max(node.rows ?? 0, node.planRows ?? 0) * (node.loops ?? 1);
  if (rows < threshold("minRows") || !isEstimateComparable(plan, node)) return null;
  return estimateFactor;
}

/** InitPlans, SubPlans and CTEs do not feed their printed parent with rows. */
function passesOn(node: PlanNode): boolean {
  return node.parentRelationship !== "InitPlan" && node.parentRelationship !== "SubPlan";
}

function rowWord(node: PlanNode): string {
  const unit = node.planRows === 1 ? "row" : "rows";
  return (node.loops ?? 1) > 1 ? `${unit} per loop` : unit;
}

function fixOf(node: PlanNode): Finding["fix"] {
  const table = tableOf(node);
  if (table === null) {
    return {
      title:
        "Refresh the statistics of the tables below; where a join's or group's columns depend on each other, create extended " +
        "statistics, and compute filtered expressions as columns",
    };
  }
  const columns = [node.filter, node.indexCond ?? node.recheckCond]
    .flatMap((text) => (text === null ? [] : readConditions(text, node.alias)))
    .flatMap(({ column }) => (column === null ? [] : [quoteIdentifier(column)]));
  const distinct = [...new Set(columns)];
  return {
    title:
      distinct.length > 1
        ? `Refresh the statistics; if ${distinct.join(" and ")} depend on each other, CREATE STATISTICS on them`
        : "Refresh the statistics; where an expression is compared, CREATE STATISTICS on the expression",
    sql: `ANALYZE ${table};`,
    caution: "ANALYZE reads a sample of the table and blocks no reads or writes.",
  };
}
