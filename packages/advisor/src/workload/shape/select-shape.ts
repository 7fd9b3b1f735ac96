import type { Node, SelectStmt, WithClause } from "libpg-query";
import { namesOf } from "../syntax.ts";
import { collectConditions } from "./conditions.ts";
import { extremeColumn, sortItemOf, visitExpression, visitWindow } from "./expressions.ts";
import { scopeOfFrom } from "./from-clause.ts";
import { addOrder, type SortItem, type SortKey, sortKeysOf } from "./ordering.ts";
import { noteCount } from "./parameters.ts";
import {
  emptyScope,
  type OutputColumn,
  resolveColumn,
  resolveEntry,
  type Scope,
  type ShapeContext,
} from "./scope.ts";

/** Notes what a SELECT asks, and answers what it gives to the query around it. */
export function analyzeSelect(
  query: SelectStmt,
  parent: Scope,
  context: ShapeContext,
  options: { readonly ignoresOutput?: boolean } = {},
): readonly OutputColumn[] {
  const outer = withCtes(query.withClause, parent, context);
  noteCount("limit", query.limitCount, context);
  noteCount("offset", query.limitOffset, context);
  visitExpression([query.limitCount, query.limitOffset], outer, context);
  if (query.larg !== undefined && query.rarg !== undefined)
    return analyzeUnion(query, outer, context);
  if (query.valuesLists !== undefined) return analyzeValues(query, outer, context);

  const scope = scopeOfFrom(query.fromClause ?? [], outer, context);
  collectConditions(query.whereClause, scope, context);
  if (options.ignoresOutput !== true) visitExpression(query.targetList, scope, context);
  visitExpression([query.havingClause, query.groupClause], scope, context);
  for (const window of query.windowClause ?? []) {
    if ("WindowDef" in window) visitWindow(window.WindowDef, scope, context);
  }
  visitExpression(query.sortClause, scope, context);
  const outputs = outputsOf(query, scope);
  noteOrders(query, outputs, scope, context);
  return outputs;
}

/** A scope in which the names of WITH are known. */
export function withCtes(
  clause: WithClause | undefined,
  parent: Scope,
  context: ShapeContext,
): Scope {
  if (clause === undefined) return parent;
  const ctes = new Map<string, readonly OutputColumn[]>();
  const scope: Scope = { ...emptyScope, parent, ctes };
  for (const node of clause.ctes ?? []) {
    if (!("CommonTableExpr" in node)) continue;
    const { ctename = "", ctequery, aliascolnames } = node.CommonTableExpr;
    const names = namesOf(aliascolnames);
    // A recursive term refers to itself before its columns are known.
    if (clause.recursive === true) ctes.set(ctename, recursiveColumns(names, ctequery));
    if (ctequery === undefined) continue;
    const columns = context.analyzeStatement(ctequery, scope);
    ctes.set(
      ctename,
      columns.map(({ name, sources }, position) => ({ name: names[position] ?? name, sources })),
    );
  }
  return scope;
}

function recursiveColumns(
  names: readonly string[],
  query: Node | undefined,
): readonly OutputColumn[] {
  if (names.length > 0) return names.map((name) => ({ name, sources: [] }));
  const select = query !== undefined && "SelectStmt" in query ? query.SelectStmt : undefined;
  const targets = (select?.larg ?? select)?.targetList ?? [];
  return targets.map((target) => ({ name: outputName(target), sources: [] }));
}

function analyzeUnion(
  query: SelectStmt,
  scope: Scope,
  context: ShapeContext,
): readonly OutputColumn[] {
  const left = query.larg === undefined ? [] : context.analyzeQuery(query.larg, scope);
  const right = query.rarg === undefined ? [] : context.analyzeQuery(query.rarg, scope);
  const outputs = left.map((column, position) => ({
    name: column.name,
    sources: [...column.sources, ...(right[position]?.sources ?? [])],
  }));
  noteOrders(query, outputs, scope, context);
  return outputs;
}

function analyzeValues(
  query: SelectStmt,
  scope: Scope,
  context: ShapeContext,
): readonly OutputColumn[] {
  visitExpression(query.valuesLists, scope, context);
  const [row] = query.valuesLists ?? [];
  const width = row !== undefined && "List" in row ? (row.List.items ?? []).length : 0;
  return Array.from({ length: width }, (_, index) => ({ name: `column${index + 1}`, sources: [] }));
}

function outputsOf(query: SelectStmt, scope: Scope): readonly OutputColumn[] {
  return (query.targetList ?? []).flatMap((target): readonly OutputColumn[] => {
    const value = "ResTarget" in target ? target.ResTarget.val : undefined;
    if (value === undefined) return [];
    if (!("ColumnRef" in value)) return [{ name: outputName(target), sources: [] }];
    const last = value.ColumnRef.fields?.at(-1);
    if (last !== undefined && "A_Star" in last) {
      const alias = namesOf(value.ColumnRef.fields).at(-1);
      if (alias === undefined) return scope.entries.flatMap((entry) => entry.columns);
      return resolveEntry(alias, scope)?.columns ?? [];
    }
    return [{ name: outputName(target), sources: resolveColumn(value.ColumnRef, scope) ?? [] }];
  });
}

function outputName(target: Node): string {
  if (!("ResTarget" in target)) return "";
  const { name, val } = target.ResTarget;
  if (name !== undefined) return name;
  if (val !== undefined && "ColumnRef" in val) return namesOf(val.ColumnRef.fields).at(-1) ?? "";
  if (val !== undefined && "FuncCall" in val) return namesOf(val.FuncCall.funcname).at(-1) ?? "";
  return "";
}

function noteOrders(
  query: SelectStmt,
  outputs: readonly OutputColumn[],
  scope: Scope,
  context: ShapeContext,
): void {
  const hasLimit = query.limitCount !== undefined;
  const sorted = (query.sortClause ?? []).flatMap(sortItemOf);
  const byOutput = (items: readonly SortItem[], prefersOutput: boolean): readonly SortKey[] =>
    sortKeysOf(items, scope).map(({ sources, direction, nulls }, position) => {
      const output = outputOf(items[position]?.node, outputs);
      const isInput = output === null || (!prefersOutput && sources.length > 0);
      return { sources: isInput ? sources : output.sources, direction, nulls };
    });

  if (sorted.length > 0) {
    addOrder(byOutput(sorted, true), { reason: "order", hasLimit }, context);
  }
  const groups = (query.groupClause ?? []).map((node) => ({ node }));
  if (groups.length > 0) {
    addOrder(byOutput(groups, false), { reason: "group", hasLimit: false }, context);
  }
  const distinct = query.distinctClause ?? [];
  const named = distinct.filter((node) => Object.keys(node).length > 0).map((node) => ({ node }));
  if (named.length > 0 && sorted.length === 0) {
    addOrder(byOutput(named, false), { reason: "order", hasLimit }, context);
  } else if (distinct.length > 0 && named.length === 0) {
    const keys = outputs.map(({ sources }) => ({
      sources,
      direction: "asc" as const,
      nulls: "last" as const,
    }));
    addOrder(keys, { reason: "distinct", hasLimit }, context);
  }
  noteExtremes(query, scope, context);
}

function noteExtremes(query: SelectStmt, scope: Scope, context: ShapeContext): void {
  if (query.groupClause !== undefined) return;
  for (const target of query.targetList ?? []) {
    const value = "ResTarget" in target ? target.ResTarget.val : undefined;
    const source = value === undefined ? null : extremeColumn(value, scope);
    if (source === null) continue;
    const key = { sources: [source], direction: "asc" as const, nulls: "last" as const };
    addOrder([key], { reason: "extreme", hasLimit: true }, context);
  }
}

/** `ORDER BY 2` and `ORDER BY total` name an output. */
function outputOf(node: Node | undefined, outputs: readonly OutputColumn[]): OutputColumn | null {
  if (node === undefined) return null;
  if ("A_Const" in node && node.A_Const.ival !== undefined) {
    return outputs[(node.A_Const.ival.ival ?? 0) - 1] ?? null;
  }
  if (!("ColumnRef" in node) || node.ColumnRef.fields?.length !== 1) return null;
  const [name] = namesOf(node.ColumnRef.fields);
  return outputs.find((output) => output.name === name) ?? null;
}
