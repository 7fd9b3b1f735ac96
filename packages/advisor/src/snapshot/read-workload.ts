import type { Read } from "../session/read-only-session.ts";
import { classifyStatement, loadGrammar } from "./classify-statement.ts";
import type { HiddenFact, SkippedStatement, Workload, WorkloadQuery } from "./database-snapshot.ts";
import { quoteIdentifier } from "./identifier.ts";
import { type FoundQuery, mergeQueries } from "./merge-queries.ts";
import { shorten } from "./workload-file.ts";
import { MAX_TEXT_BYTES, recordedWorkloadSql, WORKLOAD_SOURCE_SQL } from "./sql/workload-sql.ts";

/** The queries with the most total time that a snapshot keeps. */
const MAX_QUERIES = 500;
const HIDDEN_TEXT = "<insufficient privilege>";

export interface RecordedWorkload {
  readonly workload: Workload;
  readonly hidden: readonly HiddenFact[];
}

export interface WorkloadSource {
  readonly view: string;
  readonly schema: string;
  readonly is_schema_usable: boolean;
  readonly is_selectable: boolean;
  readonly columns: readonly string[];
}

/** @returns `null` where pg_stat_statements is not installed in this database */
export async function readWorkloadSource(read: Read): Promise<WorkloadSource | null> {
  const [source] = await read<WorkloadSource>(WORKLOAD_SOURCE_SQL);
  return source ?? null;
}

/** The grants without which the role cannot read the view at all. */
export function hiddenWorkload(source: WorkloadSource, role: string): HiddenFact | null {
  const to = quoteIdentifier(role);
  const grants = [
    ...(source.is_schema_usable ? [] : [`GRANT USAGE ON SCHEMA ${source.schema} TO ${to};`]),
    ...(source.is_selectable ? [] : [`GRANT SELECT ON ${source.view} TO ${to};`]),
  ];
  if (grants.length === 0) return null;
  return {
    what: "workload",
    object: source.view,
    reason: `role ${to} may not read ${source.view}, so there is no workload to advise on.`,
    grant: grants.join("\n"),
  };
}

interface WorkloadRow {
  readonly text: string | null;
  readonly calls: number;
  readonly total_ms: number;
  readonly rows: number;
}

export async function readRecordedWorkload(
  read: Read,
  source: WorkloadSource,
  role: string,
): Promise<RecordedWorkload> {
  await loadGrammar();
  const rows = await read<WorkloadRow>(
    recordedWorkloadSql({
      view: source.view,
      hasExecutionTimes: source.columns.includes("total_exec_time"),
    }),
  );
  const queries: FoundQuery[] = [];
  const skipped: SkippedStatement[] = [];
  let hiddenCalls = 0;
  for (const row of rows) {
    if (row.text === HIDDEN_TEXT) {
      hiddenCalls += row.calls;
      continue;
    }
    if (row.text === null) {
      skipped.push({
        line: null,
        text: "",
        reason: `its text is longer than ${MAX_TEXT_BYTES} bytes (${row.calls} calls)`,
      });
      continue;
    }
    const statement = classifyStatement(row.text);
    if (statement.kind === "skipped") {
      // The server records BEGIN and SET beside the queries: nobody misses advice on them.
      if (statement.isUtility) continue;
      skipped.push({ line: null, text: shorten(row.text), reason: statement.reason });
    } else if (!statement.isOnSystemCatalogs) {
      queries.push({
        query: toQuery(statement.fingerprint, row.text, row),
        hasList: statement.hasList,
      });
    }
  }
  return {
    workload: {
      source: "pg_stat_statements",
      note:
        queries.length === 0
          ? `${source.view} has no statement of this database yet; let the application run for a while, or name a file of its statements with --workload FILE.sql.`
          : null,
      queries: mergeQueries(queries)
        .toSorted((left, right) => (right.totalMs ?? 0) - (left.totalMs ?? 0))
        .slice(0, MAX_QUERIES),
      skipped,
    },
    hidden: hiddenCalls === 0 ? [] : [hiddenTexts(source, role, hiddenCalls)],
  };
}

function toQuery(id: string, text: string, row: WorkloadRow): WorkloadQuery {
  return {
    id,
    text,
    calls: row.calls,
    totalMs: row.total_ms,
    meanMs: row.calls === 0 ? null : row.total_ms / row.calls,
    rows: row.rows,
  };
}

function hiddenTexts(source: WorkloadSource, role: string, calls: number): HiddenFact {
  const to = quoteIdentifier(role);
  return {
    what: "workload-text",
    object: source.view,
    reason: `role ${to} sees only its own statements; the text of ${calls} calls by other roles is hidden.`,
    grant: `GRANT pg_read_all_stats TO ${to};`,
  };
}
