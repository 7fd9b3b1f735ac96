import { type Finding, rankFindings } from "@upshift/findings";
import { InvalidArgumentError } from "@upshift/foundation";
import type { Advice } from "./advice.ts";
import { advise } from "./advise.ts";
import { auditSnapshot } from "./audit/audit-snapshot.ts";
import { planFindings } from "./diagnose/plan-findings.ts";
import { uniqueFindings } from "./diagnose/unique-findings.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { OnProgress } from "./progress.ts";
import type { DatabaseSnapshot } from "./snapshot/database-snapshot.ts";
import { openTwin } from "./twin/open-twin.ts";
import type { Twin } from "./twin/twin.ts";
import { prepareWorkload } from "./workload/prepare-workload.ts";

export interface DiagnoseOptions {
  /** What all advised indexes together may take; default half the size of the tables in the workload. */
  readonly budgetBytes?: number;
  /** See `AdviseOptions.minGainRatio`. */
  readonly minGainRatio?: number;
  /** Where the initialised twin is kept between runs. */
  readonly cacheDirectory?: string;
  /** Keeps constants in evidence; queries are shown with `$n` either way. Default false. */
  readonly withValues?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
  /**
   * Called once with what today's plans show, ranked, before any index was tried: a search may take a while, and these
   * findings come again in the result, with their fix.
   */
  readonly onFirstLook?: (findings: readonly Finding[]) => void;
  /** Called with each finding once, as soon as it is certain: before the ranking for those that need no plan. */
  readonly onFinding?: (finding: Finding) => void;
}

/**
 * Audits a database, plans its workload in a twin, and says what is slow and what would help, verified.
 *
 * A part that fails (the twin does not start, a statement cannot be planned) is named in `notes` and costs nothing else.
 *
 * @throws {InvalidArgumentError} when a bound is negative
 * @throws the signal's reason when aborted
 */
export async function diagnose(
  snapshot: DatabaseSnapshot,
  options: DiagnoseOptions = {},
): Promise<Diagnosis> {
  const { signal } = options;
  signal?.throwIfAborted();
  const notes: string[] = [];
  const prepared = await prepareWorkload(snapshot);
  const reported = new Set<string>();
  const report = (finding: Finding): void => {
    if (reported.has(finding.key)) return;
    reported.add(finding.key);
    options.onFinding?.(finding);
  };
  for (const finding of auditSnapshot(prepared.schema).findings) report(finding);

  const twin =
    prepared.statements.length === 0 ? null : await attempt("start the twin", openForPlans, notes);
  try {
    if (twin !== null && options.onFirstLook !== undefined)
      await lookFirst(twin, options.onFirstLook);
    const advice = await adviseIfPossible(twin);
    const plans =
      twin === null
        ? null
        : await attempt(
            "read the plans",
            () => planFindings({ prepared, twin, advice, ...options }),
            notes,
          );
    const findings = uniqueFindings([...advice.findings, ...(plans ?? [])]);
    const ranked = rankFindings(findings);
    for (const finding of ranked) report(finding);
    return {
      findings: ranked,
      advice,
      limitations: twin?.limitations ?? [],
      notes: [...notes, ...advice.notes],
    };
  } finally {
    await twin?.close();
  }

  function openForPlans(): Promise<Twin> {
    return openTwin(snapshot, {
      cacheDirectory: options.cacheDirectory,
      signal,
      onProgress: options.onProgress,
    });
  }

  async function lookFirst(
    planner: Twin,
    onFirstLook: (findings: readonly Finding[]) => void,
  ): Promise<void> {
    const request = { prepared, twin: planner, advice: null, ...options };
    const look = await attempt("take a first look", () => planFindings(request), notes);
    if (look !== null && look.length > 0) onFirstLook(rankFindings(look));
  }

  async function adviseIfPossible(planner: Twin | null): Promise<Advice> {
    const common = { ...options, snapshot, prepared };
    const verified =
      planner === null
        ? null
        : await attempt("search for indexes", () => advise({ ...common, planner }), notes);
    return verified ?? advise(common);
  }

  /** `null` and a note instead of a failure; an abort is no failure. */
  async function attempt<T>(
    what: string,
    work: () => Promise<T>,
    into: string[],
  ): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof InvalidArgumentError) throw error;
      into.push(`Could not ${what}: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    }
  }
}
