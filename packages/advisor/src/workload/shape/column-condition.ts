import type { Node } from "libpg-query";
import { quoteIdentifier } from "../../snapshot/identifier.ts";
import { constantText, literalSql } from "./literal-sql.ts";
import type { ColumnCondition, ConditionKind } from "./query-shape.ts";

const RANGE_OPERATORS: ReadonlySet<string> = new Set(["<", ">", "<=", ">="]);
const COMMUTED: Readonly<Record<string, string>> = { "<": ">", ">": "<", "<=": ">=", ">=": "<=" };

/** The operator when its sides are exchanged; `null` when it has no such twin that an index knows. */
export function commuted(operator: string): string | null {
  return operator === "=" || operator === "<>" ? operator : (COMMUTED[operator] ?? null);
}

/** What `column operator value` means for an index. */
export function comparisonCondition(
  column: string,
  operator: string,
  value: Node,
): ColumnCondition {
  const kind = kindOf(operator, value);
  const literal = literalSql(value);
  // A range with a literal bound moves with time: a partial index on it would be out of date soon.
  const isStable = kind === "equality" || (kind === "other" && operator === "<>");
  return {
    column,
    kind,
    operator,
    literal: literal === null || !isStable ? null : stableLiteral(column, operator, value, literal),
    constants: isStable ? constantsOf([value]) : null,
    isAssumed: kind === "prefix" && operator !== "^@" && isBareParameter(value),
    following: [],
  };
}

/** `done = false` is what `NOT done` is: one form for both, as the planner has it, so that they share an index. */
function stableLiteral(column: string, operator: string, value: Node, literal: string): string {
  const quoted = quoteIdentifier(column);
  if (operator !== "=" || !("A_Const" in value) || value.A_Const.boolval === undefined) {
    return `${quoted} ${operator} ${literal}`;
  }
  return value.A_Const.boolval.boolval === true ? quoted : `NOT ${quoted}`;
}

export function plainCondition(
  column: string,
  kind: ConditionKind,
  literal: string | null,
  operator = "=",
  constants: readonly string[] | null = null,
): ColumnCondition {
  return { column, kind, operator, literal, constants, isAssumed: false, following: [] };
}

/** `column [NOT] IN (…)`. */
export function listCondition(
  column: string,
  items: readonly Node[],
  isNegated: boolean,
): ColumnCondition {
  const literals = items.map(literalSql);
  const list = literals.includes(null) ? null : literals.join(", ");
  const keyword = isNegated ? "NOT IN" : "IN";
  return {
    column,
    kind: isNegated ? "other" : items.length === 1 && list !== null ? "equality" : "in",
    operator: isNegated ? "<>" : "=",
    literal: list === null ? null : `${quoteIdentifier(column)} ${keyword} (${list})`,
    constants: constantsOf(items),
    isAssumed: false,
    following: [],
  };
}

function kindOf(operator: string, value: Node): ConditionKind {
  if (operator === "=") return "equality";
  if (RANGE_OPERATORS.has(operator)) return "range";
  if (operator === "^@") return "prefix";
  if (operator === "~~") return startsWithText(value, /^[^%_\\]/) ? "prefix" : "other";
  if (operator === "~") return startsWithText(value, /^\^[\w -]/) ? "prefix" : "other";
  return "other";
}

function constantsOf(items: readonly Node[]): readonly string[] | null {
  const texts = items.map(constantText);
  return texts.includes(null) ? null : texts.filter((text) => text !== null);
}

function isBareParameter(value: Node): boolean {
  if ("TypeCast" in value && value.TypeCast.arg !== undefined) {
    return isBareParameter(value.TypeCast.arg);
  }
  return "ParamRef" in value;
}

/** A parameter may hold a prefix pattern: a what-if with sampled values tells. */
function startsWithText(value: Node, form: RegExp): boolean {
  if ("A_Const" in value) return form.test(value.A_Const.sval?.sval ?? "");
  if ("ParamRef" in value) return true;
  if ("TypeCast" in value && value.TypeCast.arg !== undefined) {
    return startsWithText(value.TypeCast.arg, form);
  }
  if ("A_Expr" in value && value.A_Expr.lexpr !== undefined) {
    // `$1 || '%'`
    return startsWithText(value.A_Expr.lexpr, form);
  }
  return false;
}
