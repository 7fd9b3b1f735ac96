import type { AdvisedIndex } from "@upshift/advisor";
import { type FindingJson, findingToJson } from "@upshift/findings/json";
import type { DatabaseReport, SkippedText } from "./database-report.ts";

/** What `doctor --json` and `advise --json` print; unknown is `null`. */
export interface ReportJson {
  readonly schemaVersion: 1;
  readonly database: string;
  readonly server: string;
  readonly role: string;
  readonly findings: readonly FindingJson[];
  readonly indexes: readonly {
    readonly ddl: string;
    readonly undo: string;
    readonly sizeBytes: number;
    /** `1 - after/before` of the whole workload. */
    readonly gain: number;
    readonly confidence: "proven" | "hint";
    readonly cautions: readonly string[];
    readonly replaces: AdvisedIndex["replaces"];
    readonly queries: readonly {
      readonly query: string;
      readonly costBefore: number;
      readonly costAfter: number;
    }[];
  }[];
  readonly workload: DatabaseReport["workload"];
  readonly visibility: { readonly role: string; readonly hidden: DatabaseReport["hidden"] };
  readonly skipped: readonly SkippedText[];
  readonly notes: readonly string[];
  readonly limitations: DatabaseReport["limitations"];
  readonly search: DatabaseReport["search"];
}

export function reportJson(report: DatabaseReport): ReportJson {
  return {
    schemaVersion: 1,
    database: report.database,
    server: report.server,
    role: report.role,
    findings: report.findings.map(findingToJson),
    indexes: report.indexes.map((index) => ({
      ddl: index.ddl,
      undo: index.undo,
      sizeBytes: index.sizeBytes,
      gain: index.gainRatio,
      confidence: index.confidence,
      cautions: index.cautions,
      replaces: index.replaces,
      queries: index.queries,
    })),
    workload: report.workload,
    visibility: { role: report.role, hidden: report.hidden },
    skipped: report.skipped,
    notes: report.notes,
    limitations: report.limitations,
    search: report.search,
  };
}
