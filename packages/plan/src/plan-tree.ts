import type { Plan, PlanNode } from "./plan.ts";

export function parentOf(plan: Plan, node: PlanNode): PlanNode | undefined {
  return node.parentId === null ? undefined : plan.nodes[node.parentId];
}

/**
 * The nodes above a node, its parent first; walks no further than it is asked to.
 *
 * @yields each ancestor up to the root
 */
export function* ancestorsOf(plan: Plan, node: PlanNode): Generator<PlanNode> {
  for (let at = parentOf(plan, node); at !== undefined; at = parentOf(plan, at)) yield at;
}
