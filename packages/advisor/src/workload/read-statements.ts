import type { Node } from "libpg-query";
import type { Workload, WorkloadQuery } from "../snapshot/database-snapshot.ts";
import { rewriteForServer } from "./rewrite-for-server.ts";
import type { SqlParser } from "./sql-parser.ts";
import { walkSyntax } from "./syntax.ts";

/** A statement of the workload that a planner can be asked about. */
export interface ReadStatement {
  readonly id: string;
  /** For the planner: `$n` parameters, constants as they were recorded. */
  readonly text: string;
  /** For people: every constant replaced by `$n`. */
  readonly normalized: string;
  readonly node: Node;
  readonly calls: number;
  /** Rows returned or written over all calls. */
  readonly rows: number | null;
  /** The highest `$n`. */
  readonly parameterCount: number;
}

export interface SkippedStatement {
  readonly query: string;
  readonly reason: string;
}

export interface ReadWorkload {
  readonly statements: readonly ReadStatement[];
  /** What cannot be planned, each with its reason. */
  readonly skipped: readonly SkippedStatement[];
}

/** Beyond this a statement is generated data, not a query someone wrote. */
const LONGEST_STATEMENT_BYTES = 1_000_000;

/** Splits the workload into what can be planned and what cannot; equal statements are added up. */
export function readStatements(workload: Workload, parser: SqlParser): ReadWorkload {
  const statements = new Map<string, ReadStatement>();
  const skipped: SkippedStatement[] = [];
  for (const query of workload.queries) {
    const read = readStatement(query, parser);
    if ("reason" in read) {
      skipped.push(read);
      continue;
    }
    const known = statements.get(read.text);
    statements.set(read.text, known === undefined ? read : added(known, read));
  }
  return { statements: [...statements.values()], skipped };
}

function readStatement(query: WorkloadQuery, parser: SqlParser): ReadStatement | SkippedStatement {
  if (Buffer.byteLength(query.text) > LONGEST_STATEMENT_BYTES) {
    return { query: shortened(query.text.slice(0, 200)), reason: "it is longer than 1 MB" };
  }
  const parsed = parser.parse(query.text);
  if ("refused" in parsed) return { query: shortened(query.text), reason: parsed.refused };
  const [statement, ...more] = parsed;
  const normalized = parser.normalize(query.text) ?? query.text;
  const reason =
    statement === undefined
      ? "it is empty"
      : more.length > 0
        ? "it is several statements"
        : refusalOf(statement.node);
  if (statement === undefined || reason !== null) {
    return { query: normalized, reason: reason ?? "it is empty" };
  }
  return {
    id: query.id,
    text: rewriteForServer(statement),
    normalized: normalized.trim().replace(/\s*;$/, ""),
    node: statement.node,
    calls: query.calls,
    rows: query.rows,
    parameterCount: highestParameter(statement.node),
  };
}

function refusalOf(node: Node): string | null {
  if ("SelectStmt" in node) {
    return node.SelectStmt.intoClause === undefined ? null : "SELECT INTO creates a table";
  }
  if ("InsertStmt" in node || "UpdateStmt" in node || "DeleteStmt" in node) return null;
  if ("MergeStmt" in node) return null;
  const kind = (Object.keys(node)[0] ?? "").replace(/Stmt$/, "");
  return `it is a utility statement (${kind}), which has no plan`;
}

function highestParameter(node: Node): number {
  let highest = 0;
  walkSyntax(node, (kind, body) => {
    if (kind === "ParamRef" && typeof body["number"] === "number") {
      highest = Math.max(highest, body["number"]);
    }
  });
  return highest;
}

function added(first: ReadStatement, second: ReadStatement): ReadStatement {
  const rows = first.rows === null || second.rows === null ? null : first.rows + second.rows;
  return { ...first, calls: first.calls + second.calls, rows };
}

/** What does not parse cannot be normalised by the grammar: quoted text and digits are masked without it. */
function shortened(text: string): string {
  const masked = text
    .replace(/'[^']*'/g, "'…'")
    .replace(/'[^…][\s\S]*$/, "'…")
    .replace(/\b\d[\d.]*\b/g, "?")
    .replace(/\s+/g, " ")
    .trim();
  return masked.length > 100 ? `${masked.slice(0, 100)}…` : masked;
}
