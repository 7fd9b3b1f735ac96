import type { Evidence, Frame } from "../evidence.ts";
import type { Amount, Confidence, Finding, Severity } from "../finding.ts";
import { rankFindings } from "../ranking.ts";

/** Version of the shapes below; it changes when a field changes its meaning or goes. */
export const FINDINGS_SCHEMA_VERSION = 1;

/** `Amount` with every field there: unknown is `null`. */
export interface AmountJson {
  readonly roundTrips: number | null;
  readonly ms: number | null;
  readonly bytes: number | null;
  readonly planCost: number | null;
}

/** `Finding` with every field there: unknown is `null`. */
export interface FindingJson {
  readonly rule: string;
  readonly key: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  readonly title: string;
  readonly where: {
    readonly file: (Omit<Frame, "function"> & { readonly function: string | null }) | null;
    readonly route: string | null;
    readonly table: string | null;
    readonly query: string | null;
  };
  readonly evidence: readonly Evidence[];
  readonly probe: {
    readonly table: string;
    readonly predicate: string;
    readonly order: string | null;
  } | null;
  readonly cost: AmountJson;
  readonly saving: AmountJson & { readonly basis: "measured" | "planner" | "projected" };
  readonly fix: {
    readonly title: string;
    readonly sql: string | null;
    readonly diff: string | null;
    readonly part: string | null;
    readonly caution: string | null;
    readonly undo: string | null;
  };
  readonly verified: {
    readonly how: "twin" | "branch" | "production";
    readonly before: AmountJson;
    readonly after: AmountJson;
  } | null;
}

export interface FindingsJson {
  readonly schemaVersion: number;
  readonly findings: readonly FindingJson[];
}

/** A whole report of findings, ranked. */
export function findingsToJson(findings: readonly Finding[]): FindingsJson {
  return {
    schemaVersion: FINDINGS_SCHEMA_VERSION,
    findings: rankFindings(findings).map(findingToJson),
  };
}

/** One finding with no field missing, for `JSON.stringify`. */
export function findingToJson(finding: Finding): FindingJson {
  const { where, probe, fix, verified } = finding;
  return {
    rule: finding.rule,
    key: finding.key,
    severity: finding.severity,
    confidence: finding.confidence,
    title: finding.title,
    where: {
      file:
        where.file === undefined ? null : { ...where.file, function: where.file.function ?? null },
      route: where.route ?? null,
      table: where.table ?? null,
      query: where.query ?? null,
    },
    evidence: finding.evidence,
    probe:
      probe === undefined
        ? null
        : { table: probe.table, predicate: probe.predicate, order: probe.order ?? null },
    cost: amountToJson(finding.cost),
    saving: { ...amountToJson(finding.saving), basis: finding.saving.basis },
    fix: {
      title: fix.title,
      sql: fix.sql ?? null,
      diff: fix.diff ?? null,
      part: fix.part ?? null,
      caution: fix.caution ?? null,
      undo: fix.undo ?? null,
    },
    verified:
      verified === undefined
        ? null
        : {
            how: verified.how,
            before: amountToJson(verified.before),
            after: amountToJson(verified.after),
          },
  };
}

function amountToJson(amount: Amount): AmountJson {
  return {
    roundTrips: amount.roundTrips ?? null,
    ms: finiteOrNull(amount.ms),
    bytes: amount.bytes ?? null,
    planCost: finiteOrNull(amount.planCost),
  };
}

/** JSON has no infinity: PostgreSQL 17 and older price a disabled node at 1e10, a division may give more. */
function finiteOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
