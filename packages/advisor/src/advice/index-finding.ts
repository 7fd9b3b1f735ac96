import {
  type Evidence,
  type Finding,
  findingKey,
  type RuleId,
  ruleOf,
  thresholdOf,
} from "@upshift/findings";
import type { AdvisedIndex } from "../advice.ts";
import { definitionKey } from "../candidates/definition-key.ts";
import { describeKeys } from "../ddl/index-ddl.ts";
import type { SchemaLookup } from "../workload/schema-lookup.ts";

/** Queries shown with a finding; the advice has all. */
const MOST_SHOWN = 5;

export interface IndexFindingRequest {
  readonly index: AdvisedIndex;
  readonly rule: Extract<RuleId, "index/missing" | "index/column-order" | "index/covering">;
  readonly calls: ReadonlyMap<string, number>;
  /** Cost of the whole workload today. */
  readonly workloadCost: number;
  readonly schema: SchemaLookup;
}

/** The finding that an advised index answers. */
export function indexFinding(request: IndexFindingRequest): Finding {
  const { index, rule, schema } = request;
  const { definition } = index;
  const table = schema.displayName({ schema: definition.schema, name: definition.table });
  const before = total(request, ({ costBefore }) => costBefore);
  const after = total(request, ({ costAfter }) => costAfter);
  const best = index.queries.toSorted((a, b) => gain(b) - gain(a))[0];
  return {
    rule,
    key: findingKey({ rule, fingerprint: definitionKey(definition) }),
    severity: severityOf(request, before - after),
    confidence: index.confidence,
    title: titleOf(request, table),
    where: { table, ...(best === undefined ? {} : { query: best.query }) },
    evidence: evidenceOf(index),
    cost: { planCost: before },
    saving: { planCost: before - after, basis: "planner" },
    fix: {
      title: `Create an index on ${table} ${describeKeys(definition)}`,
      sql: [index.ddl, ...index.replaces.map(({ ddl }) => ddl)].join("\n"),
      undo: [...index.replaces.map(({ undo }) => undo), index.undo].join("\n"),
      caution: index.cautions.join(" "),
    },
    verified: { how: "twin", before: { planCost: before }, after: { planCost: after } },
  };
}

function titleOf({ index, rule }: IndexFindingRequest, table: string): string {
  const keys = describeKeys(index.definition);
  const effect = effectOf(index);
  if (rule === "index/column-order") {
    const old = index.replaces.map(({ name }) => name).join(", ");
    return `${old} on ${table} has its columns in the wrong order: ${keys} makes ${effect}`;
  }
  return rule === "index/covering"
    ? `An index on ${table} ${keys} spares visits of the table and makes ${effect}`
    : `An index on ${table} ${keys} makes ${effect}`;
}

function effectOf({ queries }: AdvisedIndex): string {
  const best = queries.toSorted((a, b) => gain(b) - gain(a))[0];
  if (best === undefined) return "the workload cheaper";
  return queries.length === 1
    ? `a query ${factorText(best)} cheaper`
    : `${queries.length} queries cheaper, the best of them ${factorText(best)}`;
}

function factorText({ costBefore, costAfter }: AdvisedIndex["queries"][number]): string {
  const factor = costBefore / Math.max(costAfter, 1e-6);
  if (factor < 2) return `${Math.round((1 - 1 / factor) * 100)} %`;
  return `${factor < 10 ? factor.toFixed(1) : Math.round(factor)} times`;
}

/** An error is what a large share of the database's work goes into; the rest is worth doing. */
function severityOf(
  { rule, workloadCost, index }: IndexFindingRequest,
  saved: number,
): Finding["severity"] {
  const usual = ruleOf(rule).severity;
  if (rule !== "index/missing") return usual;
  const isLarge = saved >= thresholdOf(rule, "errorWorkloadRatio") * workloadCost;
  return isLarge && index.confidence === "proven" ? usual : "warn";
}

function evidenceOf(index: AdvisedIndex): readonly Evidence[] {
  const shown = index.queries.toSorted((a, b) => gain(b) - gain(a)).slice(0, MOST_SHOWN);
  return [
    ...shown.map((query): Evidence => ({
      kind: "sql",
      label: `cost ${amount(query.costBefore)} to ${amount(query.costAfter)}`,
      sql: query.query,
    })),
    { kind: "count", label: "size", value: index.sizeBytes, unit: "bytes" },
    {
      kind: "count",
      label: "saved of what the other advised indexes leave",
      value: index.gainRatio,
      unit: "ratio",
    },
  ];
}

function total(
  { index, calls }: IndexFindingRequest,
  cost: (query: AdvisedIndex["queries"][number]) => number,
): number {
  return index.queries.reduce((sum, query) => sum + (calls.get(query.query) ?? 1) * cost(query), 0);
}

function gain({ costBefore, costAfter }: AdvisedIndex["queries"][number]): number {
  return 1 - costAfter / costBefore;
}

function amount(cost: number): string {
  return cost >= 100 ? String(Math.round(cost)) : cost.toFixed(1);
}
