import { findPayers, runsOnAfterRoot } from "./analyze/payers.ts";
import type { NodeAnalysis, PlanAnalysis } from "./analyze/plan-analysis.ts";
import { selfAmounts } from "./analyze/self-amounts.ts";
import { selfBuffers } from "./analyze/self-buffers.ts";
import { selfCosts } from "./analyze/self-costs.ts";
import { wallTimes } from "./analyze/wall-time.ts";
import type { Plan, PlanNode } from "./plan.ts";

/**
 * Works out what each node did itself: time, cost, pages, rows thrown away, how far the estimate was off.
 *
 * Self times sum to the root's time (and to `outsideMs`, where a data-modifying CTE ran on after the root). Linear in the plan.
 */
export function analyzePlan(plan: Plan): PlanAnalysis {
  const isTimed = plan.nodes.some((node) => node.totalMs !== null && (node.loops ?? 0) > 0);
  const wall = wallTimes(plan);
  // Without times the pages show where an InitPlan or a CTE ran.
  const amounts = isTimed
    ? wall.map((time) => time.totalMs)
    : plan.nodes.map((node) => pageCount(node));
  const payers = findPayers(plan, amounts);
  const times = selfAmounts({
    amounts: wall.map((time) => time.totalMs),
    payers,
    mayRunOutside: (id) => runsOnAfterRoot(plan.nodes[id]),
  });
  const costs = selfCosts(plan);
  const buffers = selfBuffers(plan, payers);
  const rootMs = isTimed ? (wall[0]?.totalMs ?? 0) : null;
  const rootCost = plan.root.totalCost;
  const allMs = (rootMs ?? 0) + times.outside;

  const nodes = plan.nodes.map((node, id): NodeAnalysis => {
    const selfMs = isTimed ? (times.self[id] ?? 0) : null;
    const selfCost = costs?.[id] ?? null;
    return {
      id,
      totalMs: isTimed ? (wall[id]?.totalMs ?? 0) : null,
      selfMs,
      selfTimeRatio: selfMs === null ? null : ratio(selfMs, allMs),
      isEstimatedMs: isTimed && wall[id]?.isEstimated === true,
      participants: wall[id]?.participants ?? 1,
      selfCost,
      selfCostRatio: selfCost === null ? null : ratio(selfCost, rootCost ?? 0),
      selfBuffers: buffers[id] ?? null,
      totalRows: node.rows === null ? null : node.rows * (node.loops ?? 1),
      removedRows: removedRows(node),
      ...estimate(node),
      isNeverExecuted: node.loops === 0,
    };
  });
  return {
    nodes,
    rootMs,
    outsideMs: isTimed ? times.outside : 0,
    residueMs: isTimed ? times.residue : 0,
    rootCost,
    isMeasured: plan.root.rows !== null,
  };
}

function pageCount({ buffers }: PlanNode): number {
  return buffers === null ? 0 : Object.values(buffers).reduce((sum, pages) => sum + pages, 0);
}

function removedRows(node: PlanNode): number | null {
  const counts = [
    node.rowsRemovedByFilter,
    node.rowsRemovedByJoinFilter,
    node.rowsRemovedByRecheck,
  ].filter((count) => count !== null);
  if (counts.length === 0) return null;
  return counts.reduce((sum, count) => sum + count, 0) * (node.loops ?? 1);
}

function estimate(node: PlanNode): Pick<NodeAnalysis, "estimateFactor" | "estimateError"> {
  const { rows, planRows, loops } = node;
  if (rows === null || planRows === null || loops === 0) {
    return { estimateFactor: null, estimateError: null };
  }
  const came = Math.max(1, rows);
  const planned = Math.max(1, planRows);
  if (came === planned) return { estimateFactor: 1, estimateError: null };
  return came > planned
    ? { estimateFactor: came / planned, estimateError: "under" }
    : { estimateFactor: planned / came, estimateError: "over" };
}

function ratio(part: number, whole: number): number {
  return whole > 0 ? Math.min(1, part / whole) : 0;
}
