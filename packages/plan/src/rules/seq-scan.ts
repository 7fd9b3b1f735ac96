import type { Evidence, Finding } from "@upshift/findings";
import { readConditions } from "../expression/conditions.ts";
import type { PlanNode } from "../plan.ts";
import { indexHint } from "./index-hint.ts";
import { formatCount, ownRatio, planFinding, titleOf } from "./plan-finding.ts";
import type { PlanRule, PlanRuleContext } from "./plan-rule.ts";

/** A sequential scan reads a large table and throws most of it away. */
export const seqScan: PlanRule = {
  id: "plan/seq-scan",
  find: (context) => context.plan.nodes.flatMap((node) => findIn(context, node)),
};

function findIn(context: PlanRuleContext, node: PlanNode): readonly Finding[] {
  const { threshold } = context;
  if (node.type !== "Seq Scan" || node.filter === null) return [];
  const rows = node.rows === null ? estimatedRows(node) : measuredRows(context, node);
  if (rows === null || rows.removed < threshold("minRowsRemoved")) return [];
  if (rows.removed < threshold("minRemovedRatio") * rows.read) return [];
  if (ownRatio(context, node) < threshold("minCostRatio")) return [];
  const isLarge = rows.read >= threshold("largeTableRows");
  // Estimated sizes are right to a factor of a few; below the large size they prove too little.
  if (!rows.isMeasured && !isLarge) return [];

  const { fix, probe } = indexHint(context.plan, node);
  const kept = formatCount(rows.read - rows.removed);
  const about = rows.isMeasured ? "" : "about ";
  return [
    planFinding(context, {
      rule: "plan/seq-scan",
      node,
      severity: isLarge && fix.sql !== undefined ? "error" : "warn",
      // The waste may be measured; that an index ends it is not.
      confidence: fix.sql === undefined && rows.isMeasured ? "likely" : "hint",
      title: `${titleOf(node)} reads ${about}${formatCount(rows.read)} rows to keep ${about}${kept}`,
      evidence: evidenceOf(rows),
      fix,
      probe,
      savedRatio: rows.removed / rows.read,
    }),
  ];
}

interface ReadRows {
  /** Of one scan of the table, by all processes together. */
  readonly read: number;
  readonly removed: number;
  readonly isMeasured: boolean;
}

function measuredRows({ analysis }: PlanRuleContext, node: PlanNode): ReadRows | null {
  if (node.loops === 0) return null;
  // Rows are averages per loop; a scan that workers share is one scan in as many loops.
  const processes = node.isParallelAware ? (analysis.nodes[node.id]?.participants ?? 1) : 1;
  const removed = (node.rowsRemovedByFilter ?? 0) * processes;
  return { read: removed + (node.rows ?? 0) * processes, removed, isMeasured: true };
}

/** Cost of a tuple and of each condition on it. Source: PostgreSQL's defaults for cpu_tuple_cost and cpu_operator_cost. */
const TUPLE_COST = 0.01;
const OPERATOR_COST = 0.0025;
/** Header and line pointer of a row, and what a page holds; a narrow select list is no narrow table, so rows count as 100 bytes at least. */
const ROW_OVERHEAD_BYTES = 28;
const PAGE_BYTES = 8168;
const LEAST_ROW_BYTES = 100;

/**
 * How many rows a scan reads, from its cost: pages at 1 and rows at their CPU cost.
 *
 * A lower bound rather than a mean, as long as the server has default costs. Source: costsize.c, cost_seqscan.
 */
function estimatedRows(node: PlanNode): ReadRows | null {
  if (node.totalCost === null || node.planRows === null || node.filter === null) return null;
  const conditions = readConditions(node.filter, node.alias).length;
  const rowPages =
    (Math.max(LEAST_ROW_BYTES, node.planWidthBytes ?? 0) + ROW_OVERHEAD_BYTES) / PAGE_BYTES;
  const read =
    (node.totalCost - (node.startupCost ?? 0)) /
    (TUPLE_COST + OPERATOR_COST * conditions + rowPages);
  return { read, removed: Math.max(0, read - node.planRows), isMeasured: false };
}

function evidenceOf(rows: ReadRows): readonly Evidence[] {
  const label = rows.isMeasured
    ? "rows removed by the filter"
    : "rows removed by the filter, estimated from the cost";
  return [
    { kind: "count", label, value: Math.round(rows.removed), unit: "rows" },
    { kind: "count", label: "rows read", value: Math.round(rows.read), unit: "rows" },
  ];
}
