import { fingerprintSync, loadModule, parseSync } from "libpg-query";

/** What the advisor can do with one SQL statement. */
export type ClassifiedStatement =
  | {
      readonly kind: "query";
      /** 16 hex digits, the same for any constants. */
      readonly fingerprint: string;
      /** It reads or writes relations, and all of them are PostgreSQL's own. */
      readonly isOnSystemCatalogs: boolean;
    }
  | { readonly kind: "skipped"; readonly reason: string };

/** The grammar is WebAssembly: await this once before {@link classifyStatement}. */
export const loadGrammar: () => Promise<void> = loadModule;

const PLANNABLE = new Set(["SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"]);

/** @param text - one statement, without its semicolon */
export function classifyStatement(text: string): ClassifiedStatement {
  let statements: readonly { readonly stmt?: unknown }[];
  try {
    statements = parseSync(text).stmts ?? [];
  } catch (error) {
    return {
      kind: "skipped",
      reason: `it does not parse: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  const [statement] = statements;
  if (statement === undefined) return { kind: "skipped", reason: "it is empty" };
  if (statements.length > 1) {
    return { kind: "skipped", reason: "it is more than one statement" };
  }
  const [type = "", body] = Object.entries(statement.stmt ?? {})[0] ?? [];
  if (!PLANNABLE.has(type)) return { kind: "skipped", reason: describeUnplannable(type) };
  if (typeof body === "object" && body !== null && "intoClause" in body) {
    return { kind: "skipped", reason: "SELECT INTO makes a table; list the SELECT alone" };
  }
  return {
    kind: "query",
    fingerprint: fingerprintSync(text),
    isOnSystemCatalogs: isOnSystemCatalogs(body),
  };
}

function describeUnplannable(type: string): string {
  switch (type) {
    case "ExplainStmt":
      return "it is an EXPLAIN; list the statement itself";
    case "PrepareStmt":
    case "ExecuteStmt":
    case "DeclareCursorStmt":
      return "it only prepares or runs another statement; list that statement itself";
    case "CopyStmt":
      return "COPY has no plan of its own; list its query";
    case "TransactionStmt":
    case "VariableSetStmt":
    case "VariableShowStmt":
    case "VacuumStmt":
    case "LockStmt":
    case "DiscardStmt":
    case "CallStmt":
    case "DoStmt":
      return "it is a utility statement without a plan";
    default:
      return "it is a DDL or utility statement without a plan";
  }
}

/** Walks with its own stack: parse trees of generated SQL are deeper than JavaScript's. */
function isOnSystemCatalogs(root: unknown): boolean {
  const commonTables = new Set<string>();
  const relations: { readonly schema: string | undefined; readonly name: string }[] = [];
  const stack: unknown[] = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (typeof node !== "object" || node === null) continue;
    for (const [key, child] of Object.entries(node)) {
      if (key === "ctename" && typeof child === "string") commonTables.add(child);
      if (typeof child === "object" && child !== null) {
        if ("relname" in child && typeof child.relname === "string") {
          relations.push({
            schema:
              "schemaname" in child && typeof child.schemaname === "string"
                ? child.schemaname
                : undefined,
            name: child.relname,
          });
        }
        stack.push(child);
      }
    }
  }
  const own = relations.filter(
    ({ schema, name }) => schema !== undefined || !commonTables.has(name),
  );
  return (
    own.length > 0 &&
    own.every(({ schema, name }) =>
      schema === undefined
        ? name.startsWith("pg_")
        : /^(?:pg_.*|information_schema)$/.test(schema) || name.startsWith("pg_stat_statements"),
    )
  );
}
