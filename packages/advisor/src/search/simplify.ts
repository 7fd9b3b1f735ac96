import { thresholdOf } from "@upshift/findings";
import type { IndexId } from "../planner/planner.ts";
import type { SearchCandidate } from "./search-query.ts";
import type { WhatIf } from "./what-if.ts";
import type { Workload, WorkloadState } from "./workload-state.ts";

/** Indexes of each sort that are tried in the place of a chosen one. */
const MOST_TRIED = 12;

/** An index of a fifth of the size (a partial one) may be this much dearer: its cost is a handful of pages either way. */
const FRACTION = 5;
const FRACTION_SLACK_RATIO = 0.3;

/** What the planner may make of the first column's correlation: it takes a constant in front for a sorted table. */
const PREFERRED_SLACK_RATIO = 0.5;

/**
 * Takes a smaller index where the chosen one is hardly better: fewer keys, nothing included, fewer rows.
 *
 * "Hardly" is less than the chosen one's `slackRatio`: a later run would not advise the step from one to the other
 * either, so that advice, once followed, is not followed by more of it.
 *
 * @param outdone - takes what gave up its place
 */
export async function simplify(
  workload: Workload,
  whatIf: WhatIf,
  found: WorkloadState,
  forbidden: ReadonlySet<IndexId> = new Set(),
  outdone: Set<IndexId> = new Set(),
): Promise<WorkloadState> {
  let state = found;
  for (let pass = 0; pass < MOST_PASSES; pass += 1) {
    const simpler = await simplifyEach(workload, whatIf, state, forbidden, outdone);
    if (simpler === state) break;
    state = simpler;
  }
  return state;
}

/** What took a place may give it up in turn: fewer keys first, then a better order of them. */
const MOST_PASSES = 4;

async function simplifyEach(
  workload: Workload,
  whatIf: WhatIf,
  found: WorkloadState,
  forbidden: ReadonlySet<IndexId>,
  outdone: Set<IndexId>,
): Promise<WorkloadState> {
  let state = found;
  for (const id of found.chosen) {
    const chosen = workload.candidates.get(id);
    if (chosen === undefined) continue;
    for (const { id: other, slackRatio } of alternativesTo(chosen, workload)) {
      if (whatIf.isExhausted) return state;
      if (state.chosen.has(other) || forbidden.has(other)) continue;
      const replaced = new Set([...state.chosen].map((kept) => (kept === id ? other : kept)));
      const simpler = await workload.moveTo(state, replaced);
      const slack = { slackRatio, slackCost: chosen.slackCost };
      if (!isAboutAsGood(simpler, state, slack)) continue;
      if (await losesSomeValue(simpler, state, slack, { workload, whatIf })) continue;
      state = simpler;
      outdone.add(id);
      break;
    }
  }
  return state;
}

interface Alternative {
  readonly id: IndexId;
  /** How much dearer a query may get. */
  readonly slackRatio: number;
}

/**
 * Smaller ones first; then the same columns in an order that is preferred, or that was proposed before it: more queries
 * can share it.
 *
 * Between two orders the planner often decides by the correlation of the first column, which it knows, with that of the
 * whole key, which it does not: an order is not chosen for that.
 */
function alternativesTo(chosen: SearchCandidate, workload: Workload): readonly Alternative[] {
  const all = [...workload.candidates.values()];
  const smaller = smallerFirst(chosen, workload).map(({ id, sizeBytes }) => ({
    id,
    slackRatio:
      sizeBytes < chosen.sizeBytes / FRACTION
        ? Math.max(chosen.slackRatio, FRACTION_SLACK_RATIO)
        : chosen.slackRatio,
  }));
  const earlier = all
    .slice(0, all.indexOf(chosen))
    .filter(
      (other) => other.columnSet === chosen.columnSet && other.preference >= chosen.preference,
    )
    .map(({ id }) => ({ id, slackRatio: thresholdOf("index/column-order", "minGainRatio") }));
  const preferred = all
    .filter((other) => other.columnSet === chosen.columnSet && other.preference > chosen.preference)
    .toSorted((a, b) => b.preference - a.preference)
    .map(({ id }) => ({ id, slackRatio: PREFERRED_SLACK_RATIO }));
  return [...smaller, ...preferred, ...earlier];
}

function isForSame(other: SearchCandidate, chosen: SearchCandidate): boolean {
  return (
    other.table === chosen.table && [...other.statements].some((id) => chosen.statements.has(id))
  );
}

/** What it extends or contains, and what is less than half its size and was proposed for the same statements. */
function smallerFirst(chosen: SearchCandidate, workload: Workload): readonly SearchCandidate[] {
  return [...workload.candidates.values()]
    .filter(
      (other) =>
        other.id !== chosen.id &&
        other.sizeBytes < chosen.sizeBytes &&
        (chosen.extends.has(other.id) ||
          chosen.contains.has(other.id) ||
          (other.sizeBytes < chosen.sizeBytes / 2 && isForSame(other, chosen))),
    )
    .toSorted((a, b) => a.sizeBytes - b.sizeBytes)
    .slice(0, MOST_TRIED);
}

/** How much dearer a query may get: by a share, or by so little that the share does not matter. */
interface Slack {
  readonly slackRatio: number;
  readonly slackCost: number;
}

function isAboutAsGood(simpler: WorkloadState, state: WorkloadState, slack: Slack): boolean {
  let paid = 0;
  for (const [query, cost] of state.costs) {
    const now = simpler.costs.get(query)?.creditCost ?? 0;
    if (now > allowedCost(cost.creditCost, slack)) return false;
    if (now > cost.creditCost) paid += 1;
  }
  // Without a slack in cost units the whole may not get dearer than its queries either: writes count as well.
  return (
    (slack.slackCost > 0 && paid > 0) ||
    simpler.objective <= allowedCost(state.objective, { ...slack, slackCost: 0 })
  );
}

function allowedCost(cost: number, { slackRatio, slackCost }: Slack): number {
  return Math.max(cost / (1 - Math.min(slackRatio, 0.99)), cost + slackCost);
}

/** A mean hides the value that callers ask for most: none may get this many times dearer. */
const VALUE_FACTOR = 3;
/** Beyond which a factor matters: about as many pages as fit a hand. */
const VALUE_COST = 50;

/** Whether the simpler choice gives up what the other does for some parameter values. */
async function losesSomeValue(
  simpler: WorkloadState,
  state: WorkloadState,
  { slackCost }: Slack,
  { workload, whatIf }: { readonly workload: Workload; readonly whatIf: WhatIf },
): Promise<boolean> {
  for (const query of workload.queries) {
    if (query.plannings.length < 2) continue;
    if (simpler.costs.get(query.id) === state.costs.get(query.id)) continue;
    const now = await whatIf.planningCosts(query, simpler.chosen);
    const was = await whatIf.planningCosts(query, state.chosen);
    const isLost = was.some(
      (cost, position) =>
        (now[position] ?? 0) > Math.max(cost * VALUE_FACTOR, cost + VALUE_COST, cost + slackCost),
    );
    if (isLost) return true;
  }
  return false;
}
