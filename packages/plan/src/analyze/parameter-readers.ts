import type { Plan, PlanNode } from "../plan.ts";

/** Parameter (`$0` or `(InitPlan 1)`) -> ids of the nodes whose expressions read it, in the plan's order. */
export type ParameterReaders = ReadonlyMap<string, readonly number[]>;

/** More readers of one parameter than queries have; bounds the work on plans that were made up. */
const MOST_READERS = 64;

const PARAMETER = /\$\d+|\((?:hashed )?(?:InitPlan|SubPlan) [^()]+\)/g;

/** Which nodes read which parameter, by one look at every expression of the plan. */
export function parameterReaders(plan: Plan): ParameterReaders {
  const readers = new Map<string, number[]>();
  for (const node of plan.nodes) {
    const read = new Set<string>();
    for (const text of expressionsOf(node)) {
      for (const [parameter] of text.matchAll(PARAMETER)) read.add(parameter);
    }
    for (const parameter of read) {
      const known = readers.get(parameter);
      if (known === undefined) readers.set(parameter, [node.id]);
      else if (known.length < MOST_READERS) known.push(node.id);
    }
  }
  return readers;
}

/** `InitPlan 1 (returns $0,$1)` up to 16, `InitPlan 1` read as `(InitPlan 1).col1` from 17 on. */
export function parametersOf(initPlan: PlanNode): readonly string[] {
  const name = initPlan.subplanName ?? "";
  const returned = /\(returns ([^)]*)\)/.exec(name)?.[1];
  if (returned === undefined) return [`(${name})`];
  return returned.split(",").map((parameter) => parameter.trim());
}

function expressionsOf(node: PlanNode): readonly string[] {
  const known = [
    node.filter,
    node.joinFilter,
    node.indexCond,
    node.recheckCond,
    node.hashCond,
    node.mergeCond,
    ...node.sortKey,
    ...node.groupKey,
  ];
  return [...known, ...Object.values(node.extra).flat()].filter((text) => typeof text === "string");
}
