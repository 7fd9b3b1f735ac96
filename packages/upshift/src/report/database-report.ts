import type {
  AdvisedIndex,
  DatabaseSnapshot,
  Diagnosis,
  HiddenFact,
  Limitation,
  SearchFacts,
} from "@upshift/advisor";
import { type Evidence, type Finding, findingKey, rankFindings } from "@upshift/findings";
import { sqlScript, withoutLiterals } from "@upshift/findings/sql";

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
  /** What the advice could not take into account, sentences for a person. */
  readonly notes: readonly string[];
  /** What the twin could not take over from the database. */
  readonly limitations: readonly Limitation[];
  /** `null` where nothing was searched. */
  readonly search: SearchFacts | null;
}

export interface SkippedText {
  readonly query: string;
  readonly reason: string;
}

export interface ReportOptions {
  /** Show the constants of queries; default `$n` stands in their place. */
  readonly withValues?: true | undefined;
}

/** Joins what was read with what came of it. Constants that an advised index itself rests on stay: it is useless without. */
export function toReport(
  snapshot: DatabaseSnapshot,
  { findings, advice, notes, limitations }: Diagnosis,
  options: ReportOptions,
): DatabaseReport {
  const { workload, visibility } = snapshot;
  const shown = shownBy(options);
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
    findings: rankFindings(findings.map((finding) => redactFinding(finding, options))),
    indexes: advice.indexes.map((index) => ({
      ...index,
      queries: index.queries.map((entry) => ({ ...entry, query: shown(entry.query) })),
    })),
    hidden: visibility.hidden,
    notes: notes.filter((note) => note !== workload.note),
    limitations,
    search: advice.search,
    skipped: [
      ...(workload.skipped ?? []).map(({ line, text, reason }) => ({
        query: line === null ? shown(text) : `line ${line}: ${shown(text)}`,
        reason,
      })),
      ...advice.skipped
        .filter(({ query }) => !isListed(query, workload.skipped ?? []))
        .map(({ query, reason }) => ({ query: shown(query), reason })),
    ],
  };
}

/** The advice passes on what the snapshot skipped already, without its line. */
function isListed(query: string, listed: readonly { readonly text: string }[]): boolean {
  return listed.some(({ text }) => text === query);
}

/** A finding as it may be shown: `$n` in place of the constants of its queries. */
export function redactFinding(finding: Finding, options: ReportOptions): Finding {
  const { where, evidence } = finding;
  const shown = shownBy(options);
  return {
    ...finding,
    where: where.query === undefined ? where : { ...where, query: shown(where.query) },
    evidence: evidence.map((entry) => redactedEvidence(entry, shown)),
  };
}

function shownBy({ withValues }: ReportOptions): (sql: string) => string {
  return withValues === true ? (sql) => sql : withoutLiterals;
}

/** A definition's constants are schema, not values: an index's predicate says what the index is. */
function redactedEvidence(evidence: Evidence, shown: (sql: string) => string): Evidence {
  const isQuery = evidence.kind === "sql" && !/^\s*CREATE\b/i.test(evidence.sql);
  return isQuery ? { ...evidence, sql: shown(evidence.sql) } : evidence;
}

/** Every fix as a script for psql, an advised index included also where no finding carries it. */
export function reportSql(report: DatabaseReport): string {
  const others = report.indexes
    .filter((index) => !isCarried(index, report.findings))
    .map(findingOf);
  return sqlScript([...report.findings, ...others], {
    subject: `database ${report.database} on PostgreSQL ${report.server}`,
  });
}

/** Whether the fix of one of the findings creates this index. */
export function isCarried(index: AdvisedIndex, findings: readonly Finding[]): boolean {
  const ddl = bare(index.ddl);
  return findings.some(({ fix }) => bare(fix.sql ?? "").includes(ddl));
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
    fix: {
      title: "Create the index",
      sql: index.ddl,
      undo: index.undo,
      ...(index.cautions.length === 0 ? {} : { caution: index.cautions.join(" ") }),
    },
  };
}

function bare(sql: string): string {
  return sql.trim().replace(/;$/, "").replaceAll(/\s+/g, " ");
}
