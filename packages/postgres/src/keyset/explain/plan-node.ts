/** A node of EXPLAIN (FORMAT JSON), as far as pages are concerned. Rows are per loop. */
export interface PlanNode {
  readonly "Node Type": string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows"?: number;
  readonly "Actual Loops"?: number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Shared Hit Blocks"?: number;
  readonly "Shared Read Blocks"?: number;
  readonly Plans?: readonly PlanNode[];
}

/** The node and all below it, the highest first. */
export function allNodes(node: PlanNode): readonly PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(allNodes)];
}

/** Sorts of inputs that no LIMIT keeps small. What merges the ranges of a page sorts a few pages at most. */
export function unboundedSorts(root: PlanNode): readonly PlanNode[] {
  return allNodes(root).filter(
    (node) => node["Node Type"].endsWith("Sort") && !(node.Plans ?? []).every(isBounded),
  );
}

function isBounded(node: PlanNode): boolean {
  if (node["Node Type"] === "Limit") return true;
  const plans = node.Plans ?? [];
  return plans.length > 0 && PASSES_ROWS_ON.has(node["Node Type"]) && plans.every(isBounded);
}

const PASSES_ROWS_ON = new Set([
  "Append",
  "Merge Append",
  "Subquery Scan",
  "Result",
  "Sort",
  "Incremental Sort",
]);

/** Rows that a node gave in all of its loops. */
export function actualRows(node: PlanNode): number {
  return (node["Actual Rows"] ?? 0) * (node["Actual Loops"] ?? 1);
}

/** Rows that a node read and dropped in all of its loops. */
export function removedRows(node: PlanNode): number {
  return (node["Rows Removed by Filter"] ?? 0) * (node["Actual Loops"] ?? 1);
}
