import type { JoinExpr, Node, RangeVar } from "libpg-query";
import { namesOf } from "../syntax.ts";
import { collectConditions } from "./conditions.ts";
import { visitExpression } from "./expressions.ts";
import type { ColumnSource } from "./query-shape.ts";
import {
  type OutputColumn,
  resolveCte,
  type Scope,
  type ScopeEntry,
  type ShapeContext,
} from "./scope.ts";

/** The scope that a FROM list makes; conditions of its joins are noted on the way. */
export function scopeOfFrom(
  items: readonly Node[],
  parent: Scope,
  context: ShapeContext,
  first: readonly ScopeEntry[] = [],
): Scope {
  // LATERAL items see what stands before them; for the others it does no harm.
  const entries = [...first];
  const scope: Scope = { entries, parent, ctes: new Map() };
  for (const item of items) entries.push(...entriesOf(item, scope, context));
  return scope;
}

/** The entry of a table, a view or a CTE that is named in FROM. */
export function entryOfTable(range: RangeVar, scope: Scope, context: ShapeContext): ScopeEntry {
  const name = range.relname ?? "";
  const alias = range.alias?.aliasname ?? name;
  const schema = range.schemaname ?? null;
  const cte = schema === null ? resolveCte(name, scope) : null;
  const columns = cte ?? columnsOfRelation(schema, name, context);
  return { alias, columns: renamed(columns, range.alias?.colnames) };
}

function columnsOfRelation(
  schema: string | null,
  name: string,
  context: ShapeContext,
): readonly OutputColumn[] {
  const relation = context.schema.relation(schema, name);
  if (relation !== null) {
    const occurrence = context.builder.addOccurrence(relation);
    return relation.columns.map((column) => ({
      name: column.name,
      sources: [{ occurrence, column: column.name }],
    }));
  }
  const view = context.schema.view(schema, name);
  if (view !== null) return context.analyzeView(`${view.schema}.${view.name}`, view.ddl);
  context.builder.addUnknownRelation(schema === null ? name : `${schema}.${name}`);
  return [];
}

function entriesOf(item: Node, scope: Scope, context: ShapeContext): readonly ScopeEntry[] {
  if ("RangeVar" in item) return [entryOfTable(item.RangeVar, scope, context)];
  if ("JoinExpr" in item) return entriesOfJoin(item.JoinExpr, scope, context);
  if ("RangeTableSample" in item && item.RangeTableSample.relation !== undefined) {
    return entriesOf(item.RangeTableSample.relation, scope, context);
  }
  if ("RangeSubselect" in item) {
    const { alias, subquery } = item.RangeSubselect;
    if (subquery === undefined || !("SelectStmt" in subquery)) return [];
    const columns = context.analyzeQuery(subquery.SelectStmt, scope);
    return [{ alias: alias?.aliasname ?? "", columns: renamed(columns, alias?.colnames) }];
  }
  if ("RangeFunction" in item) {
    visitExpression(item.RangeFunction.functions, scope, context);
    const { alias } = item.RangeFunction;
    const names = namesOf(alias?.colnames);
    return [
      {
        alias: alias?.aliasname ?? "",
        columns: (names.length > 0 ? names : [alias?.aliasname ?? ""]).map(computed),
      },
    ];
  }
  visitExpression(item, scope, context);
  return [];
}

function entriesOfJoin(join: JoinExpr, scope: Scope, context: ShapeContext): readonly ScopeEntry[] {
  const left = join.larg === undefined ? [] : entriesOf(join.larg, scope, context);
  const withLeft = { ...scope, entries: [...scope.entries, ...left] };
  const right = join.rarg === undefined ? [] : entriesOf(join.rarg, withLeft, context);
  const entries = [...left, ...right];
  const named = namesOf(join.usingClause);
  const shared = join.isNatural === true ? commonNames(left, right) : named;
  for (const name of shared) joinOn(sourcesOf(left, name), sourcesOf(right, name), context);
  collectConditions(join.quals, { ...scope, entries: [...scope.entries, ...entries] }, context);
  if (join.alias?.aliasname === undefined) return entries;
  return [{ alias: join.alias.aliasname, columns: entries.flatMap((entry) => entry.columns) }];
}

function joinOn(
  left: readonly ColumnSource[],
  right: readonly ColumnSource[],
  context: ShapeContext,
): void {
  for (const one of left) {
    for (const other of right) {
      context.builder.addJoin(one.occurrence, { column: one.column, other });
      context.builder.addJoin(other.occurrence, { column: other.column, other: one });
      context.builder.addReference(one);
      context.builder.addReference(other);
    }
  }
}

function commonNames(left: readonly ScopeEntry[], right: readonly ScopeEntry[]): readonly string[] {
  const names = new Set(right.flatMap((entry) => entry.columns.map((column) => column.name)));
  return left.flatMap((entry) => entry.columns.map(({ name }) => name)).filter((n) => names.has(n));
}

function sourcesOf(entries: readonly ScopeEntry[], name: string): readonly ColumnSource[] {
  return entries.flatMap((entry) => entry.columns).find((c) => c.name === name)?.sources ?? [];
}

/** `AS alias (a, b)` renames the first columns. */
function renamed(
  columns: readonly OutputColumn[],
  names: readonly Node[] | undefined,
): readonly OutputColumn[] {
  const texts = namesOf(names);
  if (columns.length === 0) return texts.map(computed);
  return columns.map(({ name, sources }, position) => ({ name: texts[position] ?? name, sources }));
}

function computed(name: string): OutputColumn {
  return { name, sources: [] };
}
