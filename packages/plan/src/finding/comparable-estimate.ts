import type { Plan, PlanNode } from "../plan.ts";
import { ancestorsOf, parentOf } from "../plan-tree.ts";

/** Nodes whose row count is something else than what was estimated. */
const INCOMPARABLE: ReadonlySet<string> = new Set([
  // Rows are always printed as 0.
  "BitmapAnd",
  "BitmapOr",
  // BRIN returns pages, not rows; the heap scan above has the estimate that counts.
  "Bitmap Index Scan",
  // Read again and again, also from the middle.
  "Materialize",
  "Memoize",
  "WorkTable Scan",
  "Recursive Union",
  // Citus and others print a constant.
  "Custom Scan",
  // Rows are what RETURNING gives.
  "ModifyTable",
]);

/** Nodes that read all of their input before they return a row, so that nothing above can stop what is below them. */
const BLOCKING: ReadonlySet<string> = new Set([
  "Sort",
  "Hash",
  "Aggregate",
  "ModifyTable",
  "SetOp",
]);

/**
 * True when a node's planned and actual rows mean the same thing.
 *
 * The plan is made for a node that runs to its end. Below a Limit, an EXISTS, a semi or anti join, a merge join that ends early or an
 * inner side that stops at its first match, fewer rows than planned are no mistake.
 */
export function isEstimateComparable(plan: Plan, node: PlanNode): boolean {
  if (INCOMPARABLE.has(node.type) || node.loops === 0) return false;
  // `One-Time Filter` and partitions pruned at run time: parts of what was planned never ran.
  if (node.extra["One-Time Filter"] !== undefined || node.extra["Subplans Removed"] !== undefined)
    return false;
  if (node.children.some((child) => child.loops === 0)) return false;
  if (isGuessed(plan, node)) return false;
  const isOver = (node.rows ?? 0) < (node.planRows ?? 0);
  return isOver ? !mayStopEarly(plan, node) : !isReadAgain(plan, node);
}

/** The rows of a recursive query, and of what its recursive term does with them, are a constant guess that no statistics mend. */
function isGuessed(plan: Plan, node: PlanNode): boolean {
  if (node.type === "CTE Scan") {
    return plan.nodes.some(
      ({ type, subplanName }) =>
        type === "Recursive Union" && subplanName === `CTE ${node.cteName ?? ""}`,
    );
  }
  let below = node;
  for (const above of ancestorsOf(plan, node)) {
    if (above.type === "Recursive Union") return below.parentRelationship === "Inner";
    below = above;
  }
  return false;
}

function mayStopEarly(plan: Plan, node: PlanNode): boolean {
  let below = node;
  for (let at = parentOf(plan, node); at !== undefined; at = parentOf(plan, at)) {
    if (at.type === "Limit" || at.type === "Merge Join") return true;
    if (below.parentRelationship === "InitPlan" || below.parentRelationship === "SubPlan")
      return true;
    if (at.type === "Nested Loop" && below.parentRelationship === "Inner") return true;
    if (at.type === "Hash Join" && hasEmptySide(at)) return true;
    if (BLOCKING.has(at.type) && at.strategy !== "Sorted") return false;
    below = at;
  }
  // An EXISTS in the root of a subquery stops there too.
  return below.parentRelationship === "SubPlan" || below.parentRelationship === "InitPlan";
}

/** A hash join does not read one side when the other is empty. */
function hasEmptySide(join: PlanNode): boolean {
  return join.children.some((child) => child.rows === 0);
}

/** The inner side of a merge join goes back for equal keys and counts those rows again. */
function isReadAgain(plan: Plan, node: PlanNode): boolean {
  let below = node;
  for (let at = parentOf(plan, node); at !== undefined; at = parentOf(plan, at)) {
    if (at.type === "Merge Join" && below.parentRelationship === "Inner") return true;
    if (BLOCKING.has(at.type)) return false;
    // The sort itself is what is read again.
    below = at;
  }
  return false;
}
