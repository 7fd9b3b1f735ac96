import { thresholdOf } from "@upshift/findings";
import type { IndexId } from "../planner/planner.ts";
import type { Workload, WorkloadState } from "./workload-state.ts";

/**
 * Takes the narrower form of a chosen index where the wider one is hardly better: fewer keys, nothing included.
 *
 * "Hardly" is what a later run would not advise either (`minGainRatio` of index/covering), so that advice, once
 * followed, is not followed by more of it.
 */
export async function simplify(workload: Workload, found: WorkloadState): Promise<WorkloadState> {
  let state = found;
  for (const wide of found.chosen) {
    for (const narrow of narrowerFirst(wide, workload)) {
      if (state.chosen.has(narrow)) continue;
      const chosen = new Set([...state.chosen].map((id) => (id === wide ? narrow : id)));
      const simpler = await workload.moveTo(state, chosen);
      if (!isAboutAsGood(simpler, state)) continue;
      state = simpler;
      break;
    }
  }
  return state;
}

function narrowerFirst(wide: IndexId, workload: Workload): readonly IndexId[] {
  const size = (id: IndexId): number => workload.candidates.get(id)?.sizeBytes ?? 0;
  return [...(workload.candidates.get(wide)?.extends ?? [])]
    .filter((id) => size(id) < size(wide))
    .toSorted((a, b) => size(a) - size(b));
}

function isAboutAsGood(simpler: WorkloadState, state: WorkloadState): boolean {
  const allowed = 1 / (1 - thresholdOf("index/covering", "minGainRatio"));
  return [...state.costs].every(
    ([query, cost]) => (simpler.costs.get(query)?.creditCost ?? 0) <= cost.creditCost * allowed,
  );
}
