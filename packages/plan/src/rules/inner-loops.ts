import type { Amount, Finding } from "@upshift/findings";
import type { Plan, PlanNode } from "../plan.ts";
import { indexHint } from "../finding/index-hint.ts";
import { formatCount } from "../finding/format-count.ts";
import { planFinding, titleOf } from "../finding/plan-finding.ts";
import type { PlanRule, PlanRuleContext } from "../plan-rule.ts";
import { parentOf } from "../plan-tree.ts";

/** The inner side of a nested loop, or a subquery, runs once per row of many. */
export const innerLoops: PlanRule = {
  id: "plan/inner-loops",
  find: (context) => context.plan.nodes.flatMap((node) => findIn(context, node)),
};

function findIn(context: PlanRuleContext, node: PlanNode): readonly Finding[] {
  const { plan, threshold } = context;
  const parent = loopOf(plan, node);
  if (parent === null) return [];
  const isSubPlan = node.parentRelationship === "SubPlan";
  const runs =
    node.loops === null ? plannedRuns(node, parent) : { loops: node.loops, isMeasured: true };
  if (runs === null || runs.loops < threshold("minLoops")) return [];
  // Rows that were kept in memory are read again for next to nothing, unless they are many.
  const isKept = node.type === "Materialize";
  if (isKept && (node.rows ?? 0) * runs.loops < threshold("minMaterializedRows")) return [];
  const cost = costOf(context, node, runs);
  if (cost === null) return [];

  const scan = isKept ? node : innerScan(node);
  const { fix, probe } = indexHint(plan, scan);
  const isUnindexed = scan.type === "Seq Scan" && fix.sql !== undefined;
  const times = `${runs.isMeasured ? "" : "about "}${formatCount(runs.loops)} times`;
  return [
    planFinding(context, {
      rule: "plan/inner-loops",
      node,
      confidence: isUnindexed || !runs.isMeasured ? "hint" : "likely",
      title: isSubPlan
        ? `A subquery runs ${times}, once per row: ${titleOf(scan)}`
        : `${titleOf(scan)} runs ${times} as the inner side of a nested loop`,
      evidence: [
        {
          kind: "count",
          label: runs.isMeasured ? "times it ran" : "times it is planned to run",
          value: runs.loops,
        },
      ],
      cost,
      fix: isUnindexed ? fix : { title: isSubPlan ? JOIN_INSTEAD : HASH_INSTEAD },
      probe: isUnindexed ? probe : undefined,
      savedRatio: isUnindexed ? 0.9 : 0.5,
    }),
  ];
}

const JOIN_INSTEAD =
  "Write the subquery as a join against one grouped or DISTINCT ON subquery, so that it runs once for all rows";
const HASH_INSTEAD =
  "Read fewer outer rows first, or let the planner hash the inner side: refresh statistics where its estimate of the outer rows " +
  "is off, and see that the join compares columns of one type";

interface Runs {
  readonly loops: number;
  readonly isMeasured: boolean;
}

/** The node whose every row runs this one; `null` when it runs once. Of a Memoize, what runs is its child, on each miss. */
function loopOf(plan: Plan, node: PlanNode): PlanNode | null {
  const parent = parentOf(plan, node);
  if (parent === undefined || node.type === "Memoize") return null;
  if (node.parentRelationship === "SubPlan") return parent;
  const joined = parent.type === "Memoize" ? parent : node;
  const join = parentOf(plan, joined);
  return join?.type === "Nested Loop" && joined.parentRelationship === "Inner" ? join : null;
}

/** Without ANALYZE: once per planned row, and only where each run scans a table, since many index lookups may be right. */
function plannedRuns(node: PlanNode, parent: PlanNode): Runs | null {
  if (node.type === "Materialize" || innerScan(node).type !== "Seq Scan") return null;
  if (node.parentRelationship === "SubPlan") return plannedSubPlanRuns(node, parent);
  const outer = parent.children.find((child) => child.parentRelationship === "Outer");
  return outer === undefined || outer.planRows === null
    ? null
    : { loops: outer.planRows, isMeasured: false };
}

/** A subquery runs once for each row of its parent at least, unless it is hashed: the parent's cost then has it once. */
function plannedSubPlanRuns(node: PlanNode, parent: PlanNode): Runs | null {
  const { totalCost } = node;
  if (parent.planRows === null || totalCost === null || parent.totalCost === null) return null;
  const isPaid = totalCost * parent.planRows <= parent.totalCost * 1.05;
  return isPaid ? { loops: parent.planRows, isMeasured: false } : null;
}

/** What all runs together cost; `null` when that is too little of the query to matter. */
function costOf(context: PlanRuleContext, node: PlanNode, runs: Runs): Amount | null {
  const { analysis, threshold } = context;
  const ms = analysis.nodes[node.id]?.totalMs ?? null;
  if (ms !== null && analysis.rootMs !== null) {
    const isCheap = ms < threshold("minMs") || ms < threshold("minTimeRatio") * analysis.rootMs;
    return isCheap ? null : { ms };
  }
  const planCost = (node.totalCost ?? 0) * runs.loops;
  const share = planCost / Math.max(analysis.rootCost ?? 0, 1);
  return node.totalCost === null || share < threshold("minTimeRatio") ? null : { planCost };
}

/** The scan that a run does: through aggregates and limits, as long as there is one way down. */
function innerScan(node: PlanNode): PlanNode {
  let at = node;
  for (
    let [only, ...others] = at.children;
    only !== undefined && others.length === 0;
    [only, ...others] = at.children
  ) {
    if (only.type === "Bitmap Index Scan") break;
    at = only;
  }
  return at;
}
