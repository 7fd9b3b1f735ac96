import type { Plan, PlanNode } from "@upshift/plan";

export interface Comparison {
  readonly label: string;
  readonly realCost: number;
  readonly twinCost: number;
  /** `twin / real - 1` */
  readonly deviationRatio: number;
  readonly realShape: string;
  readonly isSameShape: boolean;
  /** Why a difference is one of those that a 32-bit build cannot avoid; `null` where it is not. */
  readonly declared: string | null;
  readonly twinShape: string;
}

/** What the plans of the two planners have in common. */
export function comparePlans(label: string, real: Plan, twin: Plan): Comparison {
  const realCost = real.root.totalCost ?? Number.NaN;
  const twinCost = twin.root.totalCost ?? Number.NaN;
  const deviationRatio = twinCost / realCost - 1;
  const realShape = shape(real.root);
  const twinShape = shape(twin.root);
  return {
    label,
    realCost,
    twinCost,
    deviationRatio,
    realShape,
    twinShape,
    isSameShape: realShape === twinShape,
    declared: declaredDifference(real, twin, deviationRatio),
  };
}

/** `Nested Loop(Index Scan orders_pkey, Seq Scan items)` */
function shape(node: PlanNode): string {
  const name = [
    node.type,
    ...(node.strategy === null ? [] : [node.strategy]),
    ...(node.joinType === null || node.joinType === "Inner" ? [] : [node.joinType]),
    ...(node.isBackward ? ["Backward"] : []),
    ...(node.index === null ? [] : [node.index]),
    ...(node.relation === null ? [] : [node.relation]),
  ].join(" ");
  return node.children.length === 0 ? name : `${name}(${node.children.map(shape).join(", ")})`;
}

/*
 * Both come from pointers of four bytes: the entry of a hash table is estimated larger for values of eight bytes, which are
 * stored outside of it, and the bitmap of a heap scan holds more pages before it becomes lossy.
 */
function declaredDifference(real: Plan, twin: Plan, deviationRatio: number): string | null {
  const nodes = [...real.nodes, ...twin.nodes];
  const isHashed = nodes.some((node) => node.type === "Aggregate" && node.strategy === "Hashed");
  if (isHashed && Math.abs(deviationRatio) <= 0.05) return "HashAggregate near its memory limit";
  const isBitmap = nodes.some((node) => node.type === "Bitmap Heap Scan");
  if (isBitmap && deviationRatio <= 0 && deviationRatio > -0.02) return "lossy bitmap";
  return null;
}

export function printComparisons(title: string, comparisons: readonly Comparison[]): void {
  const lines = comparisons.map(
    (comparison) =>
      `${(comparison.deviationRatio * 100).toFixed(3).padStart(8)} %  ${comparison.isSameShape ? "same " : "OTHER"} ${comparison.realCost.toFixed(2).padStart(11)}  ${comparison.label}` +
      (comparison.isSameShape
        ? ""
        : `\n            real ${comparison.realShape}\n            twin ${comparison.twinShape}`),
  );
  process.stdout.write(`${title}\n${lines.join("\n")}\n`);
}
