import { type Finding, findingKey } from "@upshift/findings";
import { diagnosePlan } from "@upshift/plan";
import type { AdvisedIndex, AdvisedQuery, Advice } from "../advice.ts";
import { plannableQueries, type PlannableQuery } from "../advice/plannable-queries.ts";
import type { Planner } from "../planner/planner.ts";
import { TIE_RATIO } from "../search/query-cost.ts";
import type { Relation } from "../snapshot/database-snapshot.ts";
import type { PreparedWorkload } from "../workload/prepare-workload.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";

/** A query below this share of the workload's cost is worth knowing, not worth a warning. */
const SMALL_SHARE_RATIO = 0.01;

export interface PlanFindingsOptions {
  readonly prepared: PreparedWorkload;
  readonly twin: Planner;
  /** `null` while none was sought: then nothing is linked, and every finding keeps its own severity. */
  readonly advice: Advice | null;
  readonly withValues?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * What the plans of the workload show, as they are today.
 *
 * Costs are of all calls together. Where an advised index ends the slow form, the finding carries that index as its
 * verified fix.
 */
export async function planFindings(options: PlanFindingsOptions): Promise<readonly Finding[]> {
  const { prepared, twin, advice, signal } = options;
  const { queries } = await plannableQueries(prepared, twin, signal);
  const today = new Set(
    twin
      .indexes()
      .filter(({ origin }) => origin === "existing")
      .map(({ id }) => id),
  );
  const advised = new Map(advice?.queries.map((query) => [query.id, query]));
  const findings: Finding[] = [];
  for (const query of queries) {
    signal?.throwIfAborted();
    const typical = query.plannings.toSorted((a, b) => b.weight - a.weight)[0];
    if (typical === undefined) continue;
    const { plan } = await twin.plan(typical.statement, today);
    const found = diagnosePlan(plan, {
      withValues: options.withValues ?? false,
      tableRows: ({ schema, name }) => knownRows(prepared.schema.relation(schema, name)),
    });
    for (const finding of found) {
      const placed = placeInWorkload(finding, query, advice, prepared.schema);
      findings.push(
        advice === null ? placed : linkToIndex(placed, advised.get(query.statement.id), advice),
      );
    }
  }
  return findings;
}

/** As the snapshot has it; -1 there is a table that was never analysed. */
function knownRows(relation: Relation | null): number | null {
  return relation === null || relation.rows < 0 ? null : relation.rows;
}

/** The finding of one plan as one of a query that runs so and so often. */
function placeInWorkload(
  finding: Finding,
  { statement }: PlannableQuery,
  advice: Advice | null,
  schema: SchemaLookup,
): Finding {
  const { calls, normalized } = statement;
  const planCost = (finding.cost.planCost ?? 0) * calls;
  const isSmall = advice !== null && planCost < SMALL_SHARE_RATIO * advice.workload.costBefore;
  const isGuess = statement.shape.occurrences.some(({ relation }) =>
    relation.columns.every(({ name }) => schema.statistics(relation, name) === null),
  );
  return {
    ...finding,
    key: findingKey({ rule: finding.rule, fingerprint: `${finding.key} ${statement.id}` }),
    severity: isSmall ? "info" : finding.severity,
    confidence: isGuess ? "hint" : finding.confidence,
    where: { ...finding.where, query: normalized },
    evidence: [{ kind: "count", label: "calls", value: calls, unit: "calls" }, ...finding.evidence],
    cost: scaled(finding.cost, calls),
    saving: { ...scaled(finding.saving, calls), basis: finding.saving.basis },
  };
}

function scaled(amount: Finding["cost"], calls: number): Finding["cost"] {
  return amount.planCost === undefined ? amount : { ...amount, planCost: amount.planCost * calls };
}

/** An advised index that the query uses and that makes it cheaper is the fix. */
function linkToIndex(finding: Finding, query: AdvisedQuery | undefined, advice: Advice): Finding {
  if (query === undefined || query.costAfter > query.costBefore * (1 - TIE_RATIO)) return finding;
  const indexes = advice.indexes.filter(
    (index) => index.queries.some((used) => used.query === query.text) && isAbout(index, finding),
  );
  if (indexes.length === 0) return finding;
  const before = query.costBefore * query.calls;
  const after = query.costAfter * query.calls;
  return {
    ...finding,
    confidence: indexes.every(({ confidence }) => confidence === "proven") ? "proven" : "hint",
    cost: { ...finding.cost, planCost: before },
    saving: { planCost: before - after, basis: "planner" },
    fix: {
      title: `Create the advised ${indexes.length === 1 ? "index" : "indexes"}`,
      sql: indexes.map(({ ddl }) => ddl).join("\n"),
      undo: indexes.map(({ undo }) => undo).join("\n"),
      caution: [...new Set(indexes.flatMap(({ cautions }) => cautions))].join(" "),
    },
    verified: { how: "twin", before: { planCost: before }, after: { planCost: after } },
  };
}

/** Findings without a table are of the whole query. */
function isAbout({ definition }: AdvisedIndex, { where }: Finding): boolean {
  if (where.table === undefined) return true;
  return where.table.split(".").at(-1)?.replaceAll('"', "") === definition.table;
}
