import { thresholdOf } from "@upshift/findings";
import type { NodeAnalysis } from "../analyze/plan-analysis.ts";
import type { PlanNode } from "../plan.ts";
import { formatCount } from "../finding/format-count.ts";

/** What is remarkable about a node, in a few words each. */
export function nodeFlags(node: PlanNode, facts: NodeAnalysis | undefined): readonly string[] {
  if (node.loops === 0) return ["never executed"];
  const flags: string[] = [];
  const factor = facts?.estimateFactor ?? 1;
  if (factor >= thresholdOf("plan/misestimate", "minFactor")) {
    const side = facts?.estimateError === "under" ? "more" : "fewer";
    flags.push(`${formatCount(factor)} times ${side} rows than planned`);
  }
  const removed = facts?.removedRows ?? 0;
  if (removed > (facts?.totalRows ?? 0)) flags.push(`${formatCount(removed)} rows removed`);
  if (node.sortSpaceType === "Disk") flags.push(`${formatCount(node.sortSpaceKb ?? 0)} kB on disk`);
  if ((node.hashBatches ?? 1) > 1) flags.push(`${formatCount(node.hashBatches ?? 1)} batches`);
  if ((node.lossyHeapBlocks ?? 0) > 0) {
    flags.push(`${formatCount(node.lossyHeapBlocks ?? 0)} lossy pages`);
  }
  if ((node.heapFetches ?? 0) > 0) flags.push(`${formatCount(node.heapFetches ?? 0)} heap fetches`);
  const launched = node.workersLaunched;
  if (launched !== null && launched < (node.workersPlanned ?? launched)) {
    flags.push(`${launched} of ${node.workersPlanned ?? launched} workers launched`);
  }
  return flags;
}
