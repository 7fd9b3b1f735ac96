import type { Evidence, Finding } from "@upshift/findings";
import { readConditions } from "../expression/conditions.ts";
import type { Plan, PlanNode } from "../plan.ts";
import { indexHint } from "../finding/index-hint.ts";
import { formatCount } from "../finding/format-count.ts";
import { ownRatio, planFinding, titleOf } from "../finding/plan-finding.ts";
import type { PlanRule, PlanRuleContext } from "../plan-rule.ts";
import { ancestorsOf, parentOf } from "../plan-tree.ts";

/** A sequential scan reads a large table and throws most of it away. */
export const seqScan: PlanRule = {
  id: "plan/seq-scan",
  find: (context) => {
    const scans = context.plan.nodes.flatMap((node) => {
      const rows = readRows(context, node);
      return rows === null ? [] : [{ node, rows }];
    });
    const wholes = wholeTables(context, scans);
    return scans.flatMap((scan) =>
      findIn(context, scan, wholes.get(tableIdOf(context, scan.node)) ?? NOTHING),
    );
  },
};

function findIn(
  context: PlanRuleContext,
  { node, rows }: Scan,
  whole: WholeTable,
): readonly Finding[] {
  const { threshold } = context;
  if (isDecidedBySubPlan(node)) return [];
  if (whole.removed < threshold("minRowsRemoved")) return [];
  if (rows.removed < threshold("minRemovedRatio") * rows.read) return [];
  if (whole.ratio < threshold("minCostRatio")) return [];
  const isLarge = whole.read >= threshold("largeTableRows");
  // A size that is guessed from costs is right to a factor of a few; below the large size it proves too little.
  if (rows.basis === "costs" && !isLarge) return [];

  const { fix, probe } = indexHint(context.plan, node);
  const kept = formatCount(rows.read - rows.removed);
  const about = rows.basis === "measured" ? "" : "about ";
  return [
    planFinding(context, {
      rule: "plan/seq-scan",
      node,
      severity: isLarge && fix.sql !== undefined ? "error" : "warn",
      // The waste may be measured; that an index ends it is not.
      confidence: fix.sql === undefined && rows.basis === "measured" ? "likely" : "hint",
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
  /** What tells how many rows there are: ANALYZE, the catalog, or the costs alone. */
  readonly basis: "measured" | "catalog" | "costs";
}

interface Scan {
  readonly node: PlanNode;
  readonly rows: ReadRows;
}

/** All partitions of a table that one Append scans, or the one scan. */
interface WholeTable {
  readonly read: number;
  readonly removed: number;
  /** 0..1 of the query. */
  readonly ratio: number;
}

const NOTHING: WholeTable = { read: 0, removed: 0, ratio: 0 };

function wholeTables(
  context: PlanRuleContext,
  scans: readonly Scan[],
): ReadonlyMap<number, WholeTable> {
  const wholes = new Map<number, WholeTable>();
  for (const { node, rows } of scans) {
    const id = tableIdOf(context, node);
    const { read, removed, ratio } = wholes.get(id) ?? NOTHING;
    wholes.set(id, {
      read: read + rows.read,
      removed: removed + rows.removed,
      ratio: ratio + ownRatio(context, node),
    });
  }
  return wholes;
}

/** The node's id, or that of the Append which scans the other partitions beside it. */
function tableIdOf({ plan }: PlanRuleContext, node: PlanNode): number {
  const parent = parentOf(plan, node);
  return parent?.type === "Append" || parent?.type === "Merge Append" ? parent.id : node.id;
}

function readRows(context: PlanRuleContext, node: PlanNode): ReadRows | null {
  if (node.type !== "Seq Scan" || node.filter === null) return null;
  return node.rows === null ? estimatedRows(context, node) : measuredRows(context, node);
}

/** A filter that asks a subquery for each row: no index finds the row, and the subquery is what is slow (`plan/inner-loops`). */
function isDecidedBySubPlan({ filter, alias }: PlanNode): boolean {
  if (filter === null || !filter.includes("SubPlan")) return false;
  if (filter.includes("hashed SubPlan")) return false;
  const conditions = readConditions(filter, alias);
  return conditions.length > 0 && conditions.every((condition) => !condition.isSelfContained);
}

function measuredRows({ analysis }: PlanRuleContext, node: PlanNode): ReadRows | null {
  if (node.loops === 0) return null;
  // Rows are averages per loop; a scan that workers share is one scan in as many loops.
  const processes = node.isParallelAware ? (analysis.nodes[node.id]?.participants ?? 1) : 1;
  const removed = (node.rowsRemovedByFilter ?? 0) * processes;
  return { read: removed + (node.rows ?? 0) * processes, removed, basis: "measured" };
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
 * A lower bound rather than a mean, as long as the server has default costs. Workers share the rows and their CPU cost, and
 * not the pages. Source: costsize.c, cost_seqscan.
 */
function estimatedRows({ plan, tableRows }: PlanRuleContext, node: PlanNode): ReadRows | null {
  if (node.totalCost === null || node.planRows === null || node.filter === null) return null;
  const divisor = parallelDivisor(plan, node);
  const kept = node.planRows * divisor;
  const known =
    node.relation === null ? null : tableRows({ schema: node.schema, name: node.relation });
  if (known !== null) {
    return { read: known, removed: Math.max(0, known - kept), basis: "catalog" };
  }
  const conditions = readConditions(node.filter, node.alias).length;
  const rowPages =
    (Math.max(LEAST_ROW_BYTES, node.planWidthBytes ?? 0) + ROW_OVERHEAD_BYTES) / PAGE_BYTES;
  const read =
    (node.totalCost - (node.startupCost ?? 0)) /
    ((TUPLE_COST + OPERATOR_COST * conditions) / divisor + rowPages);
  return { read, removed: Math.max(0, read - kept), basis: "costs" };
}

/** By how much the planner divides the rows of a scan that workers share. Source: costsize.c, get_parallel_divisor. */
function parallelDivisor(plan: Plan, node: PlanNode): number {
  if (!node.isParallelAware) return 1;
  for (const above of ancestorsOf(plan, node)) {
    if (above.type !== "Gather" && above.type !== "Gather Merge") continue;
    const workers = above.workersPlanned ?? 0;
    return workers + Math.max(0, 1 - 0.3 * workers);
  }
  return 1;
}

function evidenceOf(rows: ReadRows): readonly Evidence[] {
  const source = { measured: "", catalog: ", estimated", costs: ", estimated from the cost" };
  const label = `rows removed by the filter${source[rows.basis]}`;
  return [
    { kind: "count", label, value: Math.round(rows.removed), unit: "rows" },
    { kind: "count", label: "rows read", value: Math.round(rows.read), unit: "rows" },
  ];
}
