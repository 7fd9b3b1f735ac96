import type { Amount, Evidence, Finding } from "@upshift/findings";
import type { Plan } from "../plan.ts";
import { parentOf } from "../plan-tree.ts";

/** Evidence of this many nodes is shown; the rest is counted. */
const MOST_SHOWN = 3;

/**
 * One finding in the place of many that say the same: scans of the partitions below one Append, or one form met twice.
 *
 * The dearest stays, with the costs of all.
 */
export function mergeAlike(plan: Plan, findings: readonly Finding[]): readonly Finding[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const group = groupOf(plan, finding);
    const known = groups.get(group);
    if (known === undefined) groups.set(group, [finding]);
    else known.push(finding);
  }
  return [...groups.values()].flatMap((group) => mergeGroup(group));
}

function groupOf(plan: Plan, finding: Finding): string {
  const [first] = finding.evidence;
  const node = first?.kind === "plan-node" ? plan.nodes[first.node] : undefined;
  const parent = node === undefined ? undefined : parentOf(plan, node);
  const isMember = parent?.type === "Append" || parent?.type === "Merge Append";
  return isMember ? `${finding.rule} below ${parent.id}` : finding.key;
}

function mergeGroup(group: readonly Finding[]): readonly Finding[] {
  const [dearest, ...others] = group.toSorted((a, b) => size(b.cost) - size(a.cost));
  if (dearest === undefined) return [];
  if (others.length === 0) return [dearest];
  const nodes = others.flatMap((finding) =>
    finding.evidence.filter(({ kind }) => kind === "plan-node"),
  );
  const more: Evidence = { kind: "count", label: "more nodes like it", value: others.length };
  return [
    {
      ...dearest,
      evidence: [...dearest.evidence, ...nodes.slice(0, MOST_SHOWN - 1), more],
      cost: add(group.map(({ cost }) => cost)),
      saving: { ...add(group.map(({ saving }) => saving)), basis: dearest.saving.basis },
    },
  ];
}

function size({ ms, planCost }: Amount): number {
  return ms ?? planCost ?? 0;
}

function add(amounts: readonly Amount[]): Amount {
  const sum = (pick: (amount: Amount) => number | undefined): number | undefined =>
    amounts.some((amount) => pick(amount) !== undefined)
      ? amounts.reduce((total, amount) => total + (pick(amount) ?? 0), 0)
      : undefined;
  const ms = sum((amount) => amount.ms);
  const planCost = sum((amount) => amount.planCost);
  return { ...(ms === undefined ? {} : { ms }), ...(planCost === undefined ? {} : { planCost }) };
}
