import type { Plan, PlanNode } from "../plan.ts";
import { selfAmounts } from "./self-amounts.ts";

/**
 * The planner's cost of each node alone, by node id; `null` without costs.
 *
 * A parent's cost contains its children's: of a nested loop's inner side once per outer row, less what a Limit or an early
 * end leaves unread.
 */
export function selfCosts(plan: Plan): readonly number[] | null {
  if (plan.root.totalCost === null) return null;
  const amounts = plan.nodes.map((node) => claimedCost(plan, node));
  const payers = plan.nodes.map((node) => (node.parentId === null ? [] : [node.parentId]));
  return selfAmounts({ amounts, payers, mayRunOutside: () => false }).self;
}

function claimedCost(plan: Plan, node: PlanNode): number {
  const cost = node.totalCost ?? 0;
  const parent = node.parentId === null ? undefined : plan.nodes[node.parentId];
  if (parent?.type !== "Nested Loop" || node.parentRelationship !== "Inner") return cost;
  const outer = parent.children.find((child) => child.parentRelationship === "Outer");
  const rest = Math.max(0, (parent.totalCost ?? 0) - (outer?.totalCost ?? 0));
  // A materialized inner side is read again almost for free; any other costs its price each time.
  const repeats = node.type === "Materialize" ? 1 : Math.max(1, outer?.planRows ?? 1);
  return Math.min(cost * repeats, rest);
}
