import { createHash } from "node:crypto";
import { fingerprintSync, loadModule, parseSync } from "libpg-query";

/** What the advisor can do with one SQL statement. */
export type ClassifiedStatement =
  | {
      readonly kind: "query";
      /** 16 hex digits, the same for any constants. */
      readonly fingerprint: string;
      /** It reads or writes relations, and all of them are PostgreSQL's own. */
      readonly isOnSystemCatalogs: boolean;
      /** It compares with a list: `IN (…)`, `= ANY (…)`. */
      readonly hasList: boolean;
    }
  | {
      readonly kind: "skipped";
      readonly reason: string;
      /** It is no query at all (BEGIN, SET, DDL), rather than one that cannot be read. */
      readonly isUtility?: true;
    };

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
  if (!PLANNABLE.has(type)) {
    return { kind: "skipped", reason: describeUnplannable(type), isUtility: true };
  }
  if (typeof body === "object" && body !== null && "intoClause" in body) {
    return { kind: "skipped", reason: "SELECT INTO makes a table; list the SELECT alone" };
  }
  const { relations, ...facts } = inspect(body);
  return {
    kind: "query",
    fingerprint: fingerprintOf(text, relations),
    ...facts,
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

const LIST_COMPARISONS = new Set(["AEXPR_IN", "AEXPR_OP_ANY", "AEXPR_OP_ALL"]);

interface RelationName {
  readonly schema: string | undefined;
  readonly name: string;
}

/** Walks with its own stack: parse trees of generated SQL are deeper than JavaScript's. */
function inspect(root: unknown): {
  readonly isOnSystemCatalogs: boolean;
  readonly hasList: boolean;
  /** `schema.name` as written, the schema empty where there was none. */
  readonly relations: readonly string[];
} {
  const commonTables = new Set<string>();
  const relations: RelationName[] = [];
  let hasList = false;
  const stack: unknown[] = [root];
  while (stack.length > 0) {
    const node = stack.pop();
    if (!isRecord(node)) continue;
    if (typeof node["ctename"] === "string") commonTables.add(node["ctename"]);
    if (typeof node["kind"] === "string" && LIST_COMPARISONS.has(node["kind"])) hasList = true;
    if (typeof node["relname"] === "string") {
      const schema = node["schemaname"];
      relations.push({
        schema: typeof schema === "string" ? schema : undefined,
        name: node["relname"],
      });
    }
    // One by one: a list of 100,000 values is more than a call takes as arguments.
    for (const child of Object.values(node)) stack.push(child);
  }
  const own = relations.filter(
    ({ schema, name }) => schema !== undefined || !commonTables.has(name),
  );
  return {
    isOnSystemCatalogs: own.length > 0 && own.every(isOfSystem),
    hasList,
    relations: relations.map(({ schema, name }) => `${schema ?? ""}.${name}`),
  };
}

/** The grammar's fingerprint leaves schemas out, so that equal tables of two schemas would be one query. */
function fingerprintOf(text: string, relations: readonly string[]): string {
  const fingerprint = fingerprintSync(text);
  if (relations.every((relation) => relation.startsWith("."))) return fingerprint;
  const names = JSON.stringify([fingerprint, ...relations]);
  return createHash("sha256").update(names).digest("hex").slice(0, fingerprint.length);
}

function isOfSystem({ schema, name }: RelationName): boolean {
  return schema === undefined || name.startsWith("pg_stat_statements")
    ? name.startsWith("pg_")
    : schema.startsWith("pg_") || schema === "information_schema";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
