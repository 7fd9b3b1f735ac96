import { rankFindings, thresholdOf } from "@upshift/findings";
import { InvalidArgumentError } from "@upshift/foundation";
import type { Advice } from "./advice.ts";
import { adviseOnWorkload } from "./advice/advise-on-workload.ts";
import { auditSnapshot } from "./audit/audit-snapshot.ts";
import type { Planner } from "./planner/planner.ts";
import type { OnProgress } from "./progress.ts";
import type { DatabaseSnapshot } from "./snapshot/database-snapshot.ts";
import { type PreparedWorkload, prepareWorkload } from "./workload/prepare-workload.ts";

export interface AdviseOptions {
  readonly snapshot: DatabaseSnapshot;
  /** `openTwin(snapshot)`; without one only the catalog is audited. It is not closed. */
  readonly planner?: Planner;
  /** What all advised indexes together may take; default half the size of the tables in the workload. */
  readonly budgetBytes?: number;
  /** An index is advised only if some query gains at least this share by it; default 0.1. */
  readonly minGainRatio?: number;
  /** Plans to make at most; default 10,000, about 20 s. */
  readonly maxPlans?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
  /** The workload, where the caller has prepared it already. */
  readonly prepared?: PreparedWorkload;
}

/**
 * Indexes to build and to drop for a database and its workload.
 *
 * Whatever is advised was planned in `planner` with the whole workload, before and after. Works without a workload too:
 * then the catalog's own findings are all there is.
 *
 * @throws {InvalidArgumentError} when a bound is negative or not a number
 * @throws the planner's errors, and the signal's reason
 */
export async function advise(options: AdviseOptions): Promise<Advice> {
  assertBound("budgetBytes", options.budgetBytes);
  assertBound("minGainRatio", options.minGainRatio);
  assertBound("maxPlans", options.maxPlans);
  options.signal?.throwIfAborted();
  const prepared = options.prepared ?? (await prepareWorkload(options.snapshot));
  const audit = auditSnapshot(prepared.schema);
  if (options.planner === undefined || prepared.statements.length === 0) {
    return {
      indexes: [],
      workload: { costBefore: 0, costAfter: 0 },
      queries: [],
      skipped: prepared.skipped,
      findings: rankFindings(
        [...audit.findings, ...audit.foreignKeys, ...audit.drops].map((item) =>
          "finding" in item ? item.finding : item,
        ),
      ),
      notes: options.snapshot.workload.note === null ? [] : [options.snapshot.workload.note],
      search: null,
    };
  }
  return adviseOnWorkload({
    prepared,
    planner: options.planner,
    audit,
    budgetBytes: options.budgetBytes,
    minGainRatio: options.minGainRatio ?? thresholdOf("index/missing", "minGainRatio"),
    maxPlans: options.maxPlans,
    signal: options.signal,
    onProgress: options.onProgress,
  });
}

function assertBound(name: string, value: number | undefined): void {
  if (value !== undefined && !(Number.isFinite(value) && value >= 0)) {
    throw new InvalidArgumentError(`\`${name}\` >= 0`, value);
  }
}
