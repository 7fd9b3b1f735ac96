import type { Finding } from "@upshift/findings";
import type { Advice, AdvisedQuery } from "../advice.ts";
import type { Audit } from "../audit/audit-snapshot.ts";
import { btreeGenerator } from "../candidates/btree/btree-generator.ts";
import type { CandidateGenerator } from "../candidates/candidate-generator.ts";
import { generateCandidates } from "../candidates/generate-candidates.ts";
import type { Planner } from "../planner/planner.ts";
import type { OnProgress } from "../progress.ts";
import { createWhatIf, searchIndexes, type SearchResult } from "../search/search-indexes.ts";
import type { PreparedWorkload } from "../workload/prepare-workload.ts";
import { advisedIndexes, type RuledIndex } from "./advised-indexes.ts";
import { defaultBudget } from "./default-budget.ts";
import { provenDrops } from "./drop-findings.ts";
import { indexFinding } from "./index-finding.ts";
import { type PlannableQuery, plannableQueries, toSearchQuery } from "./plannable-queries.ts";
import { registerCandidates } from "./register-candidates.ts";
import { toSearchCandidates } from "./to-search-candidates.ts";
import { unanswered } from "./answered-findings.ts";

/** One for each access method that can be advised. */
const GENERATORS: readonly CandidateGenerator[] = [btreeGenerator];

export interface AdviseOnWorkloadOptions {
  readonly prepared: PreparedWorkload;
  readonly planner: Planner;
  readonly audit: Audit;
  readonly budgetBytes: number | undefined;
  readonly minGainRatio: number;
  readonly maxPlans: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress | undefined;
}

/** Candidates, search, proof: the advice for a workload that can be planned. */
export async function adviseOnWorkload(options: AdviseOnWorkloadOptions): Promise<Advice> {
  const { prepared, planner, audit, signal, onProgress } = options;
  const { schema } = prepared;
  onProgress?.({ stage: "plan", done: 0, total: null, label: "planning the workload" });
  const { queries, skipped } = await plannableQueries(prepared, planner, signal);
  const proposed = generateCandidates(
    queries.map(({ statement: { id, calls, shape } }) => ({ id, calls, shape })),
    schema,
    GENERATORS,
  );
  onProgress?.({
    stage: "plan",
    done: 0,
    total: proposed.length,
    label: "making candidate indexes",
  });
  const registered = await registerCandidates(proposed, planner, prepared);
  const candidates = toSearchCandidates(registered, options.minGainRatio, schema);
  const searched = queries.map((query) => toSearchQuery(query, registered));
  const budgetBytes = options.budgetBytes ?? defaultBudget(queries, schema);
  const bounds = {
    ...(options.maxPlans === undefined ? {} : { maxPlans: options.maxPlans }),
    ...(signal === undefined ? {} : { signal }),
  };
  const whatIf = createWhatIf({ planner, candidates, ...bounds });
  const result = await searchIndexes({
    planner,
    queries: searched,
    candidates,
    budgetBytes,
    whatIf,
    ...bounds,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const context = { planner, whatIf, queries: searched, schema };
  const advised = await advisedIndexes({ ...context, result, registered, plannable: queries });
  const drops = await provenDrops(audit.drops, {
    ...context,
    advised: new Set(result.chosen.map(({ id }) => id)),
    replaced: advised.replaced,
  });
  const indexes = advised.indexes.map(({ index }) => index);
  return {
    indexes,
    workload: { costBefore: result.costBefore, costAfter: result.costAfter },
    queries: advisedQueries(queries, result),
    skipped: [...prepared.skipped, ...skipped],
    findings: [
      ...findingsOf(advised.indexes, queries, result, prepared),
      ...audit.findings,
      ...unanswered(audit.foreignKeys, indexes),
      ...drops,
    ],
    notes: notesOf(result, queries),
    search: {
      budgetBytes,
      lowerBound: result.lowerBound,
      candidates: candidates.length,
      plans: result.plans,
      isComplete: result.isComplete,
    },
  };
}

function findingsOf(
  advised: readonly RuledIndex[],
  queries: readonly PlannableQuery[],
  result: SearchResult,
  { schema }: PreparedWorkload,
): readonly Finding[] {
  const calls = new Map(queries.map(({ statement }) => [statement.normalized, statement.calls]));
  return advised.map(({ index, rule }) =>
    indexFinding({ index, rule, calls, workloadCost: result.costBefore, schema }),
  );
}

function advisedQueries(
  queries: readonly PlannableQuery[],
  { before, after }: SearchResult,
): readonly AdvisedQuery[] {
  return queries.map(({ statement: { id, normalized, calls } }) => ({
    id,
    text: normalized,
    calls,
    costBefore: before.get(id)?.cost ?? 0,
    costAfter: after.get(id)?.cost ?? 0,
  }));
}

function notesOf(result: SearchResult, queries: readonly PlannableQuery[]): readonly string[] {
  const notes: string[] = [];
  if (!result.isComplete) {
    notes.push(
      `The search for indexes ended after ${result.plans} plans; what it advises is verified, and more time could find better.`,
    );
  }
  const generic = queries.filter(
    ({ statement, generic: form, plannings }) =>
      statement.parameterCount > 0 && plannings[0]?.statement === form,
  ).length;
  if (generic > 0) {
    notes.push(
      `${generic} of ${queries.length} statements were planned for all parameter values at once, because typical values are not known.`,
    );
  }
  return notes;
}
