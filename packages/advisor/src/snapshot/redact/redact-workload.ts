import type { SkippedStatement, Workload, WorkloadQuery } from "../database-snapshot.ts";
import { redactSql, STATEMENT, type SqlRedaction } from "./redact-sql.ts";

export function redactWorkload(workload: Workload, redaction: SqlRedaction): Workload {
  const queries: WorkloadQuery[] = [];
  const skipped: SkippedStatement[] = (workload.skipped ?? []).map(redactSkipped);
  for (const query of workload.queries) {
    const text = redactSql(query.text, STATEMENT, redaction);
    if (text === null) {
      skipped.push({ line: null, text: "", reason: "its text cannot be redacted" });
    } else queries.push({ ...query, text });
  }
  return { ...workload, queries, skipped };
}

/** Its first word is all that is certainly no value; the parser quotes what it stumbled over. */
function redactSkipped({ line, text, reason }: SkippedStatement): SkippedStatement {
  const command = /^[A-Za-z]{2,20}\b/.exec(text)?.[0];
  return {
    line,
    text: command === undefined ? "…" : `${command} …`,
    reason: reason.replaceAll(/"[^"]*"/g, '"…"').replace(/(at or near) .*$/s, "$1 …"),
  };
}
