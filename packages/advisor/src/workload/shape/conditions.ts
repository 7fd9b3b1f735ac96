import type { A_Expr, Node } from "libpg-query";
import { namesOf } from "../syntax.ts";
import { columnOf, comparesWith } from "./operands.ts";
import {
  commuted,
  comparisonCondition,
  listCondition,
  plainCondition,
} from "./column-condition.ts";
import { visitExpression } from "./expressions.ts";
import { quoteIdentifier } from "../../snapshot/identifier.ts";
import { noteArrayParameter, noteParameters } from "./parameters.ts";
import type { ColumnCondition, ColumnSource } from "./query-shape.ts";
import type { Scope, ShapeContext } from "./scope.ts";

/** Where conditions go: the statement's conjunction, or one arm of an OR. */
export type ConditionSink = (source: ColumnSource, condition: ColumnCondition) => void;

/** Takes a WHERE or ON clause apart into what each table is asked. */
export function collectConditions(
  clause: Node | undefined,
  scope: Scope,
  context: ShapeContext,
  sink: ConditionSink = (source, condition) => {
    context.builder.addCondition(source.occurrence, condition);
  },
): void {
  if (clause === undefined) return;
  if ("BoolExpr" in clause) {
    const args = clause.BoolExpr.args ?? [];
    if (clause.BoolExpr.boolop === "AND_EXPR") {
      for (const arg of args) collectConditions(arg, scope, context, sink);
    } else if (clause.BoolExpr.boolop === "OR_EXPR") {
      for (const arm of args) collectArm(arm, scope, context);
    } else {
      visitExpression(args, scope, context);
      addBooleanColumn(args[0], false, scope, sink);
    }
    return;
  }
  visitExpression(clause, scope, context);
  if ("ColumnRef" in clause) addBooleanColumn(clause, true, scope, sink);
  else if ("NullTest" in clause) {
    const isNull = clause.NullTest.nulltesttype === "IS_NULL";
    for (const source of columnOf(clause.NullTest.arg, scope)) {
      const literal = `${quoteIdentifier(source.column)} IS ${isNull ? "" : "NOT "}NULL`;
      sink(source, plainCondition(source.column, isNull ? "null" : "not-null", literal, "is"));
    }
  } else if ("BooleanTest" in clause) {
    const test = clause.BooleanTest.booltesttype;
    if (test === "IS_TRUE") addBooleanColumn(clause.BooleanTest.arg, true, scope, sink);
    if (test === "IS_FALSE") addBooleanColumn(clause.BooleanTest.arg, false, scope, sink);
  } else if ("A_Expr" in clause) addComparison(clause.A_Expr, scope, context, sink);
}

function collectArm(arm: Node, scope: Scope, context: ShapeContext): void {
  const found = new Map<number, ColumnCondition[]>();
  collectConditions(arm, scope, context, (source, condition) => {
    found.set(source.occurrence, [...(found.get(source.occurrence) ?? []), condition]);
  });
  for (const [occurrence, conditions] of found) {
    context.builder.addAlternative(occurrence, conditions);
  }
}

function addBooleanColumn(
  node: Node | undefined,
  isTrue: boolean,
  scope: Scope,
  sink: ConditionSink,
): void {
  if (node === undefined || !("ColumnRef" in node)) return;
  for (const source of columnOf(node, scope)) {
    const literal = isTrue
      ? quoteIdentifier(source.column)
      : `NOT ${quoteIdentifier(source.column)}`;
    sink(source, plainCondition(source.column, "equality", literal, "=", [isTrue ? "t" : "f"]));
  }
}

function addComparison(
  expression: A_Expr,
  scope: Scope,
  context: ShapeContext,
  sink: ConditionSink,
): void {
  const { lexpr: left, rexpr: right, kind } = expression;
  const operator = namesOf(expression.name).at(-1) ?? "";
  if (left === undefined || right === undefined) return;
  if ("RowExpr" in left && "RowExpr" in right) {
    addRowComparison(
      left.RowExpr.args ?? [],
      operator,
      right.RowExpr.args ?? [],
      scope,
      context,
      sink,
    );
    return;
  }
  switch (kind ?? "AEXPR_OP") {
    case "AEXPR_OP":
    case "AEXPR_LIKE": {
      addSide(left, operator, right, scope, context, sink);
      const mirrored = commuted(operator);
      if (mirrored !== null) addSide(right, mirrored, left, scope, context, sink);
      break;
    }
    case "AEXPR_NOT_DISTINCT": {
      addSide(left, "=", right, scope, context, sink);
      break;
    }
    case "AEXPR_OP_ANY": {
      for (const source of columnOf(left, scope)) {
        noteArrayParameter(source, right, context);
        if (operator !== "=" || comparesWith(right, source, scope) !== "value") continue;
        const items = "A_ArrayExpr" in right ? (right.A_ArrayExpr.elements ?? []) : [right];
        sink(source, { ...listCondition(source.column, items, false), kind: "in" });
      }
      break;
    }
    case "AEXPR_IN": {
      const items = "List" in right ? (right.List.items ?? []) : [];
      for (const source of columnOf(left, scope)) {
        for (const item of items) noteParameters(source, "in", item, context);
        if (items.some((item) => comparesWith(item, source, scope) !== "value")) continue;
        sink(source, listCondition(source.column, items, operator === "<>"));
      }
      break;
    }
    case "AEXPR_BETWEEN":
    case "AEXPR_BETWEEN_SYM": {
      const [low, high] = "List" in right ? (right.List.items ?? []) : [];
      if (low !== undefined) addSide(left, ">=", low, scope, context, sink);
      if (high !== undefined) addSide(left, "<=", high, scope, context, sink);
      break;
    }
    case "AEXPR_OP_ALL":
    case "AEXPR_DISTINCT":
    case "AEXPR_NULLIF":
    case "AEXPR_ILIKE":
    case "AEXPR_SIMILAR":
    case "AEXPR_NOT_BETWEEN":
    case "AEXPR_NOT_BETWEEN_SYM":
      break;
  }
}

function addSide(
  subject: Node,
  operator: string,
  value: Node,
  scope: Scope,
  context: ShapeContext,
  sink: ConditionSink,
): void {
  for (const source of columnOf(subject, scope)) {
    noteParameters(source, operator, value, context);
    const compared = comparesWith(value, source, scope);
    if (compared === "value") {
      sink(source, comparisonCondition(source.column, operator, value));
    } else if (compared !== "same-table" && operator === "=") {
      const [other = null] = compared.sources;
      context.builder.addJoin(source.occurrence, { column: source.column, other });
    } else if (compared !== "same-table") {
      // `a.at > b.at`: the inner side of a nested loop can use it as a range.
      sink(source, { ...comparisonCondition(source.column, operator, value), literal: null });
    }
  }
}

/** `(a, b) = (1, 2)` is two equalities; `(a, b) > (1, 2)` is one range over a, then b. */
function addRowComparison(
  left: readonly Node[],
  operator: string,
  right: readonly Node[],
  scope: Scope,
  context: ShapeContext,
  sink: ConditionSink,
): void {
  left.forEach((node, position) => {
    const value = right[position];
    if (value === undefined) return;
    if (operator === "=") addSide(node, operator, value, scope, context, sink);
    else
      for (const source of columnOf(node, scope)) noteParameters(source, operator, value, context);
  });
  const [first] = left;
  if (operator === "=" || first === undefined) return;
  for (const source of columnOf(first, scope)) {
    const following = left
      .slice(1)
      .flatMap((node) => columnOf(node, scope))
      .filter((other) => other.occurrence === source.occurrence);
    sink(source, {
      ...plainCondition(source.column, "range", null, operator),
      following: following.map((other) => other.column),
    });
  }
}
