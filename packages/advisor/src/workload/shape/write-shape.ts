import type {
  DeleteStmt,
  InsertStmt,
  MergeStmt,
  Node,
  OnConflictClause,
  RangeVar,
  UpdateStmt,
} from "libpg-query";
import { collectConditions } from "./conditions.ts";
import { visitExpression } from "./expressions.ts";
import { entryOfTable, scopeOfFrom } from "./from-clause.ts";
import { noteAssigned } from "./parameters.ts";
import type { OutputColumn, Scope, ScopeEntry, ShapeContext } from "./scope.ts";
import { withCtes } from "./select-shape.ts";

export function analyzeInsert(
  statement: InsertStmt,
  parent: Scope,
  context: ShapeContext,
): readonly OutputColumn[] {
  const outer = withCtes(statement.withClause, parent, context);
  const target = targetEntry(statement.relation, outer, context);
  const source = statement.selectStmt;
  if (source !== undefined && "SelectStmt" in source) {
    context.analyzeQuery(source.SelectStmt, outer);
    const columns = (statement.cols ?? []).flatMap((node) =>
      "ResTarget" in node ? [node.ResTarget.name ?? ""] : [],
    );
    for (const row of source.SelectStmt.valuesLists ?? []) {
      const items = "List" in row ? (row.List.items ?? []) : [];
      items.forEach((item, position) => {
        const name = columns[position] ?? target.columns[position]?.name;
        assign(target, name, item, context, { isUpdate: false });
      });
    }
  }
  analyzeConflict(statement.onConflictClause, target, outer, context);
  return returning(statement.returningClause?.exprs, target, outer, context);
}

export function analyzeUpdate(
  statement: UpdateStmt,
  parent: Scope,
  context: ShapeContext,
): readonly OutputColumn[] {
  const outer = withCtes(statement.withClause, parent, context);
  const target = targetEntry(statement.relation, outer, context);
  const scope = scopeOfFrom(statement.fromClause ?? [], outer, context, [target]);
  assignAll(statement.targetList, target, scope, context);
  collectConditions(statement.whereClause, scope, context);
  return returning(statement.returningClause?.exprs, target, scope, context);
}

export function analyzeDelete(
  statement: DeleteStmt,
  parent: Scope,
  context: ShapeContext,
): readonly OutputColumn[] {
  const outer = withCtes(statement.withClause, parent, context);
  const target = targetEntry(statement.relation, outer, context);
  const scope = scopeOfFrom(statement.usingClause ?? [], outer, context, [target]);
  collectConditions(statement.whereClause, scope, context);
  return returning(statement.returningClause?.exprs, target, scope, context);
}

export function analyzeMerge(
  statement: MergeStmt,
  parent: Scope,
  context: ShapeContext,
): readonly OutputColumn[] {
  const outer = withCtes(statement.withClause, parent, context);
  const target = targetEntry(statement.relation, outer, context);
  const sources = statement.sourceRelation === undefined ? [] : [statement.sourceRelation];
  const scope = scopeOfFrom(sources, outer, context, [target]);
  collectConditions(statement.joinCondition, scope, context);
  for (const clause of statement.mergeWhenClauses ?? []) {
    if (!("MergeWhenClause" in clause)) continue;
    const { condition, commandType, targetList, values } = clause.MergeWhenClause;
    visitExpression([condition, values], scope, context);
    if (commandType === "CMD_UPDATE") assignAll(targetList, target, scope, context);
  }
  return returning(statement.returningClause?.exprs, target, scope, context);
}

function targetEntry(
  relation: RangeVar | undefined,
  scope: Scope,
  context: ShapeContext,
): ScopeEntry {
  // A CTE never hides the table that is written to.
  const entry = entryOfTable(relation ?? {}, { ...scope, ctes: new Map() }, context);
  const occurrence = entry.columns[0]?.sources[0]?.occurrence;
  if (occurrence !== undefined) context.builder.markTarget(occurrence);
  return entry;
}

function analyzeConflict(
  clause: OnConflictClause | undefined,
  target: ScopeEntry,
  parent: Scope,
  context: ShapeContext,
): void {
  if (clause === undefined) return;
  const excluded = {
    alias: "excluded",
    columns: target.columns.map(({ name }) => ({ name, sources: [] })),
  };
  const scope: Scope = { entries: [target, excluded], parent, ctes: new Map() };
  assignAll(clause.targetList, target, scope, context);
  // The row is found by the arbiter's unique index, so this condition is no access path.
  visitExpression(clause.whereClause, scope, context);
}

function assignAll(
  targets: readonly Node[] | undefined,
  target: ScopeEntry,
  scope: Scope,
  context: ShapeContext,
): void {
  for (const node of targets ?? []) {
    if (!("ResTarget" in node) || node.ResTarget.val === undefined) continue;
    visitExpression(node.ResTarget.val, scope, context);
    assign(target, node.ResTarget.name, node.ResTarget.val, context, { isUpdate: true });
  }
}

function assign(
  target: ScopeEntry,
  column: string | undefined,
  value: Node,
  context: ShapeContext,
  options: { readonly isUpdate: boolean },
): void {
  for (const source of target.columns.find(({ name }) => name === column)?.sources ?? []) {
    if (options.isUpdate) context.builder.addSetColumn(source.occurrence, source.column);
    noteAssigned(source, value, context);
  }
}

function returning(
  expressions: readonly Node[] | undefined,
  target: ScopeEntry,
  parent: Scope,
  context: ShapeContext,
): readonly OutputColumn[] {
  const scope: Scope = { entries: [target], parent, ctes: new Map() };
  visitExpression(expressions, scope, context);
  return expressions === undefined ? [] : target.columns.map(({ name }) => ({ name, sources: [] }));
}
