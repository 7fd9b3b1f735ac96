import type { AdvisedIndex, Advice, DatabaseSnapshot, HiddenFact } from "@upshift/advisor";
import { type Finding, findingKey, rankFindings } from "@upshift/findings";
import { sqlScript } from "@upshift/findings/sql";

/** What a run found out about a database, before it is laid out for a terminal, as JSON or as SQL. */
export interface DatabaseReport {
  readonly database: string;
  /** `18.4` */
  readonly server: string;
  readonly role: string;
  readonly tableCount: number;
  readonly workload: {
    readonly source: "pg_stat_statements" | "file" | "none";
    readonly queryCount: number;
    /** Why there is none, and what would give one. */
    readonly note: string | null;
    /** Sums of calls x cost; `null` without a workload. */
    readonly costBefore: number | null;
    readonly costAfter: number | null;
  };
  /** Ranked. */
  readonly findings: readonly Finding[];
  readonly indexes: readonly AdvisedIndex[];
  /** What the role could not see, with the GRANT that would show it. */
  readonly hidden: readonly HiddenFact[];
  readonly skipped: readonly SkippedText[];
}

export interface SkippedText {
  readonly query: string;
  readonly reason: string;
}

/** Joins what was read with what came of it. */
export function toReport(snapshot: DatabaseSnapshot, advice: Advice): DatabaseReport {
  const { workload, visibility } = snapshot;
  const hasWorkload = workload.queries.length > 0;
  return {
    database: snapshot.database.name,
    server: snapshot.server.version,
    role: visibility.role,
    tableCount: snapshot.relations.length,
    workload: {
      source: workload.source,
      queryCount: workload.queries.length,
      note: workload.note,
      costBefore: hasWorkload ? advice.workload.costBefore : null,
      costAfter: hasWorkload ? advice.workload.costAfter : null,
    },
    findings: rankFindings(advice.findings),
    indexes: advice.indexes,
    hidden: visibility.hidden,
    skipped: [
      ...(workload.skipped ?? []).map(({ line, text, reason }) => ({
        query: line === null ? text : `line ${line}: ${text}`,
        reason,
      })),
      ...advice.skipped,
    ],
  };
}

/** Every fix as a script for psql, an advised index included also where no finding carries it. */
export function reportSql(report: DatabaseReport): string {
  const carried = new Set(report.findings.map(({ fix }) => bare(fix.sql ?? "")));
  const others = report.indexes.filter(({ ddl }) => !carried.has(bare(ddl))).map(findingOf);
  return sqlScript([...report.findings, ...others], {
    subject: `database ${report.database} on PostgreSQL ${report.server}`,
  });
}

function findingOf(index: AdvisedIndex): Finding {
  const { schema, table } = index.definition;
  return {
    rule: "index/missing",
    key: findingKey({ rule: "index/missing", fingerprint: index.ddl }),
    severity: "warn",
    confidence: index.confidence,
    title: `An index on ${schema}.${table} would serve ${index.queries.length} of the queries`,
    where: { table: `${schema}.${table}` },
    evidence: [],
    cost: {},
    saving: { basis: "planner" },
    fix: { title: "Create the index", sql: index.ddl, undo: index.undo },
  };
}

function bare(sql: string): string {
  return sql.trim().replace(/;$/, "").replaceAll(/\s+/g, " ");
}
