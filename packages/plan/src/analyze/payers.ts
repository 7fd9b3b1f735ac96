import type { Plan, PlanNode } from "../plan.ts";
import { parameterReaders, parametersOf } from "./parameter-readers.ts";

/** `payers[id]`: the nodes in whose figures a node's figures are contained; none for the root. */
export type Payers = readonly (readonly number[])[];

/**
 * Finds in whose time each node's time lies.
 *
 * That is the parent, with two exceptions; a data-modifying CTE that nothing pulls is in nobody's time. An InitPlan runs when the first node reads its parameter, so its time lies in that
 * reader and not where it is printed. A CTE runs while its CTE Scans pull rows, so its time lies in those.
 *
 * @param amounts - by node id, children included; of several readers, the one with the most of its own to explain pays
 */
export function findPayers(plan: Plan, amounts: readonly number[]): Payers {
  const readers = parameterReaders(plan);
  const own = ownAmounts(plan, amounts);
  const scans = cteScans(plan);
  const payers = plan.nodes.map((node) => {
    const { parentId } = node;
    if (parentId === null) return [];
    if (node.parentRelationship !== "InitPlan") return [parentId];
    const pulled = scans.get(node.id);
    if (pulled === undefined && runsOnAfterRoot(node)) return [];
    if (pulled !== undefined) return pulled.toSorted((a, b) => (own[b] ?? 0) - (own[a] ?? 0));
    const reading = parametersOf(node)
      .flatMap((parameter) => readers.get(parameter) ?? [])
      .filter((id) => isWithin(plan, id, parentId) && !isWithin(plan, id, node.id))
      .map((id) => runnerOf(plan, id, parentId));
    // The printed parent reads it too when the parameter is in a select list, which only VERBOSE shows.
    const [payer] = [...reading, parentId].toSorted((a, b) => (own[b] ?? 0) - (own[a] ?? 0));
    return [payer ?? parentId];
  });
  return breakCycles(plan, payers);
}

/**
 * Who runs an InitPlan that a node reads: workers cannot, so a Gather runs it before it starts them, and hands them the value.
 *
 * Source: PostgreSQL 11 and later, nodeGather.c, `initParam`
 */
function runnerOf(plan: Plan, readerId: number, parentId: number): number {
  let runner = readerId;
  let at: number | null = readerId;
  while (at !== null && at >= parentId) {
    const node: PlanNode | undefined = plan.nodes[at];
    if (node?.type === "Gather" || node?.type === "Gather Merge") runner = at;
    at = node?.parentId ?? null;
  }
  return runner;
}

/** INSERT, UPDATE and DELETE in a WITH run to their end even where nothing pulls their rows. */
export function runsOnAfterRoot(node: PlanNode | undefined): boolean {
  return node?.type === "ModifyTable" && node.subplanName?.startsWith("CTE ") === true;
}

/** What a node has beyond the children printed below it, InitPlans and CTEs left out. */
function ownAmounts(plan: Plan, amounts: readonly number[]): readonly number[] {
  const own = [...amounts];
  for (const node of plan.nodes) {
    if (node.parentId === null || node.parentRelationship === "InitPlan") continue;
    own[node.parentId] = (own[node.parentId] ?? 0) - (amounts[node.id] ?? 0);
  }
  return own;
}

/** CTE's node id -> its scans; a name means the nearest CTE around the scan, since names may repeat. */
function cteScans(plan: Plan): ReadonlyMap<number, number[]> {
  const defined = new Map<string, number>();
  for (const node of plan.nodes) {
    if (node.parentId !== null && node.subplanName?.startsWith("CTE ") === true) {
      defined.set(`${node.parentId} ${cteName(node.subplanName)}`, node.id);
    }
  }
  const scans = new Map<number, number[]>();
  for (const node of plan.nodes) {
    if (node.type !== "CTE Scan" || node.cteName === null) continue;
    let at: PlanNode | undefined = node;
    let cte: number | undefined;
    while (at !== undefined && cte === undefined) {
      cte = defined.get(`${at.id} ${node.cteName}`);
      at = at.parentId === null ? undefined : plan.nodes[at.parentId];
    }
    if (cte === undefined || isWithin(plan, node.id, cte)) continue;
    const known = scans.get(cte);
    if (known === undefined) scans.set(cte, [node.id]);
    else known.push(node.id);
  }
  return scans;
}

/** `CTE "My x"` -> `My x`. */
function cteName(subplanName: string): string {
  const name = subplanName.slice("CTE ".length);
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

function isWithin(plan: Plan, id: number, ancestor: number): boolean {
  let at: number | null = id;
  // Parents have smaller ids than their children.
  while (at !== null && at > ancestor) at = plan.nodes[at]?.parentId ?? null;
  return at === ancestor;
}

/** A plan that was made up may let two InitPlans read each other; those are charged to where they are printed. */
function breakCycles(plan: Plan, payers: Payers): Payers {
  const isOrdered = new Set(payingOrder(payers));
  return payers.map((paying, id) => {
    const parentId = plan.nodes[id]?.parentId ?? null;
    return isOrdered.has(id) || parentId === null ? paying : [parentId];
  });
}

/** Node ids so that every payer comes before what it pays for; nodes of a cycle are left out. */
export function payingOrder(payers: Payers): readonly number[] {
  const waiting = payers.map((paying) => paying.length);
  const paidBy = new Map<number, number[]>();
  for (const [id, paying] of payers.entries()) {
    for (const payer of paying) {
      const known = paidBy.get(payer);
      if (known === undefined) paidBy.set(payer, [id]);
      else known.push(id);
    }
  }
  const order = payers.flatMap((paying, id) => (paying.length === 0 ? [id] : []));
  for (let at = 0; at < order.length; at += 1) {
    for (const id of paidBy.get(order[at] ?? -1) ?? []) {
      waiting[id] = (waiting[id] ?? 0) - 1;
      if (waiting[id] === 0) order.push(id);
    }
  }
  return order;
}
