import type { Plan } from "@upshift/plan";
import type { IndexId, PlannableStatement } from "../../planner/planner.ts";
import type { IndexRegistry } from "../candidates/index-registry.ts";
import type { PlainTwins } from "../version-rule/plain-twins.ts";
import { SKIP_SCAN_SINCE, skippingIndexes } from "../version-rule/skip-scan.ts";
import type { VisiblePlans } from "./visible-plans.ts";

/** A plan that replaces one skipping index may choose the next; more in one statement than this is no real workload. */
const MOST_ROUNDS = 6;

export interface RuledPlan {
  readonly plan: Plan;
  readonly used: ReadonlySet<IndexId>;
  readonly refused: ReadonlySet<IndexId>;
}

export interface VersionRuleOptions {
  readonly plans: VisiblePlans;
  readonly registry: IndexRegistry;
  readonly plainTwins: PlainTwins;
  readonly serverVersionNumber: number;
}

/**
 * Plans as the user's version would.
 *
 * On servers before 18 an index whose use may rest on skip scan is replaced by a double that is priced without it, and the
 * statement is planned again.
 */
export async function planUnderVersionRule(
  options: VersionRuleOptions,
  statement: PlannableStatement,
  visible: ReadonlySet<IndexId>,
): Promise<RuledPlan> {
  const { registry, plainTwins } = options;
  const replaced = new Map<IndexId, IndexId | null>();
  for (let round = 0; ; round += 1) {
    const doubles = new Set(replaced.values());
    const plan = await options.plans.plan(statement, (id, { index }) => {
      if (plainTwins.isTwin(id)) return doubles.has(id);
      if (replaced.has(id)) return false;
      return !index.canHide || visible.has(id);
    });
    const used = usedIndexes(plan, registry);
    if (options.serverVersionNumber >= SKIP_SCAN_SINCE || round === MOST_ROUNDS) {
      return { plan, used, refused: new Set() };
    }
    const keysOf = await plainTwins.loadKeys(used);
    const skipping = [...skippingIndexes(plan, registry, keysOf)].filter((id) => !replaced.has(id));
    if (skipping.length === 0) {
      const refused = new Set([...replaced.keys()].filter((id) => !used.has(id)));
      return { plan, used, refused };
    }
    for (const id of skipping) replaced.set(id, await plainTwins.twinOf(id));
  }
}

function usedIndexes(plan: Plan, registry: IndexRegistry): ReadonlySet<IndexId> {
  const used = new Set<IndexId>();
  for (const node of plan.nodes) {
    const id = registry.owner(plan, node);
    if (id !== null) used.add(id);
  }
  return used;
}
