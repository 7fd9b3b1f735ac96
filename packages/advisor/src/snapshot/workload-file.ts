import { classifyStatement, loadGrammar } from "./classify-statement.ts";
import type { SkippedStatement, WorkloadQuery } from "./database-snapshot.ts";
import { type FoundQuery, mergeQueries } from "./merge-queries.ts";
import { splitStatements, type StatementText } from "./split-statements.ts";

export interface ParsedWorkload {
  /** One per fingerprint, in order of first appearance. */
  readonly queries: readonly WorkloadQuery[];
  readonly skipped: readonly SkippedStatement[];
}

/**
 * Reads a file of SQL statements as a workload.
 *
 * A statement that appears n times, whatever its constants, was called n times; a comment `-- calls: 100` before a statement
 * says so in one line. What does not parse, is no query, or is for psql comes back in `skipped` and does not stop the rest.
 */
export async function parseWorkload(sql: string): Promise<ParsedWorkload> {
  await loadGrammar();
  const queries: FoundQuery[] = [];
  const skipped: SkippedStatement[] = [];
  for (const piece of splitStatements(sql)) {
    const reason = addQuery(piece, queries);
    if (reason !== null) {
      skipped.push({ line: piece.line, text: shorten(piece.text), reason });
    }
  }
  return { queries: mergeQueries(queries), skipped };
}

/** @returns why it is no query, or `null` when it was added */
function addQuery(piece: StatementText, queries: FoundQuery[]): string | null {
  if (piece.kind === "psql") return "it is a psql command, not SQL";
  const statement = classifyStatement(piece.text);
  if (statement.kind === "skipped") return statement.reason;
  queries.push({
    hasList: statement.hasList,
    query: {
      id: statement.fingerprint,
      text: piece.text,
      calls: statedCalls(piece.leadingComments) ?? 1,
      totalMs: null,
      meanMs: null,
      rows: null,
    },
  });
  return null;
}

function statedCalls(comments: string): number | null {
  const stated = [...comments.matchAll(/--\s*calls:\s*(\d{1,12})\b/gi)].at(-1)?.[1];
  return stated === undefined || Number(stated) === 0 ? null : Number(stated);
}

const LONGEST_SHOWN = 100;

/** The beginning of a statement on one line, for a person to find it by. */
export function shorten(text: string): string {
  const line = text.slice(0, LONGEST_SHOWN * 4).replaceAll(/\s+/g, " ");
  return line.length > LONGEST_SHOWN ? `${line.slice(0, LONGEST_SHOWN)}…` : line;
}
