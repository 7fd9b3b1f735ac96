import { thresholdOf } from "@upshift/findings";
import type { IndexId } from "../planner/planner.ts";
import type { SearchCandidate } from "./search-query.ts";
import type { WhatIf } from "./what-if.ts";
import type { Workload, WorkloadState } from "./workload-state.ts";

/** Indexes of each sort that are tried in the place of a chosen one. */
const MOST_TRIED = 12;

/** An index of a tenth of the size (a partial one) may be this much dearer: its cost is a handful of pages either way. */
const FRACTION = 10;
const FRACTION_SLACK_RATIO = 0.3;

/**
 * Takes a smaller index where the chosen one is hardly better: fewer keys, nothing included, fewer rows.
 *
 * "Hardly" is less than the chosen one's `slackRatio`: a later run would not advise the step from one to the other
 * either, so that advice, once followed, is not followed by more of it.
 */
export async function simplify(
  workload: Workload,
  whatIf: WhatIf,
  found: WorkloadState,
  forbidden: ReadonlySet<IndexId> = new Set(),
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
      if (!isAboutAsGood(simpler, state, slackRatio)) continue;
      state = simpler;
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
 * Smaller ones first; then the same columns in an order that was proposed before it: more queries can share it.
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
    .filter((other) => other.columnSet === chosen.columnSet)
    .map(({ id }) => ({ id, slackRatio: thresholdOf("index/column-order", "minGainRatio") }));
  return [...smaller, ...earlier];
}

function isForSame(other: SearchCandidate, chosen: SearchCandidate): boolean {
  return (
    other.table === chosen.table && [...other.statements].some((id) => chosen.statements.has(id))
  );
}

/** What it extends, and what is less than half its size and was proposed for the same statements. */
function smallerFirst(chosen: SearchCandidate, workload: Workload): readonly SearchCandidate[] {
  return [...workload.candidates.values()]
    .filter(
      (other) =>
        other.id !== chosen.id &&
        other.sizeBytes < chosen.sizeBytes &&
        (chosen.extends.has(other.id) ||
          (other.sizeBytes < chosen.sizeBytes / 2 && isForSame(other, chosen))),
    )
    .toSorted((a, b) => a.sizeBytes - b.sizeBytes)
    .slice(0, MOST_TRIED);
}

function isAboutAsGood(simpler: WorkloadState, state: WorkloadState, slackRatio: number): boolean {
  const allowed = 1 / (1 - Math.min(slackRatio, 0.99));
  return (
    simpler.objective <= state.objective * allowed &&
    [...state.costs].every(
      ([query, cost]) => (simpler.costs.get(query)?.creditCost ?? 0) <= cost.creditCost * allowed,
    )
  );
}
