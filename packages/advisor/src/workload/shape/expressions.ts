import type { ColumnRef, FuncCall, Node, SubLink, WindowDef } from "libpg-query";
import { namesOf, typeNameOf } from "../syntax.ts";
import { addOrder, type SortItem, sortKeysOf } from "./ordering.ts";
import type { ColumnSource } from "./query-shape.ts";
import { resolveColumn, resolveEntry, type Scope, type ShapeContext } from "./scope.ts";

/** Notes every column, parameter, subquery and window below an expression. */
export function visitExpression(root: unknown, scope: Scope, context: ShapeContext): void {
  if (Array.isArray(root)) {
    for (const item of root) visitExpression(item, scope, context);
    return;
  }
  if (!isNode(root)) return;
  const node = root;
  if ("ColumnRef" in node) {
    visitReference(node.ColumnRef, scope, context);
    return;
  }
  if ("SubLink" in node) {
    visitSubquery(node.SubLink, scope, context);
    return;
  }
  if ("TypeCast" in node && node.TypeCast.arg !== undefined && "ParamRef" in node.TypeCast.arg) {
    const isArray = (node.TypeCast.typeName?.arrayBounds ?? []).length > 0;
    context.builder.addParameter({
      number: node.TypeCast.arg.ParamRef.number ?? 0,
      role: "cast",
      source: null,
      castType: `${typeNameOf(node.TypeCast.typeName)}${isArray ? "[]" : ""}`,
    });
  }
  if ("FuncCall" in node && node.FuncCall.over !== undefined) {
    visitWindow(node.FuncCall.over, scope, context);
  }
  for (const value of Object.values(root)) visitExpression(value, scope, context);
}

/** Any object of the tree: the tags are looked for one by one. */
function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null;
}

/** `PARTITION BY a ORDER BY b` reads its input in the order a, b. */
export function visitWindow(window: WindowDef, scope: Scope, context: ShapeContext): void {
  const partition = (window.partitionClause ?? []).map((node) => ({ node }));
  addOrder(
    sortKeysOf([...partition, ...(window.orderClause ?? []).flatMap(sortItemOf)], scope),
    { reason: "window", hasLimit: false },
    context,
  );
}

/** `min(column)` and `max(column)` without grouping read one end of an index. */
export function extremeColumn(node: Node, scope: Scope): ColumnSource | null {
  const call: FuncCall | null = "FuncCall" in node ? node.FuncCall : null;
  const argument = call?.args?.[0];
  if (call === null || call.over !== undefined || argument === undefined) return null;
  if (!["min", "max"].includes(namesOf(call.funcname).at(-1) ?? "")) return null;
  if (!("ColumnRef" in argument)) return null;
  return resolveColumn(argument.ColumnRef, scope)?.[0] ?? null;
}

export function sortItemOf(node: Node): readonly SortItem[] {
  if (!("SortBy" in node) || node.SortBy.node === undefined) return [];
  const isDescending = node.SortBy.sortby_dir === "SORTBY_DESC";
  const nulls =
    node.SortBy.sortby_nulls === "SORTBY_NULLS_FIRST"
      ? ("first" as const)
      : node.SortBy.sortby_nulls === "SORTBY_NULLS_LAST"
        ? ("last" as const)
        : undefined;
  return [{ node: node.SortBy.node, isDescending, ...(nulls === undefined ? {} : { nulls }) }];
}

function visitReference(reference: ColumnRef, scope: Scope, context: ShapeContext): void {
  const last = reference.fields?.at(-1);
  if (last !== undefined && "A_Star" in last) {
    const alias = namesOf(reference.fields).at(-1);
    const entries =
      alias === undefined ? scope.entries : [resolveEntry(alias, scope)].filter((e) => e !== null);
    for (const entry of entries) referenceAll(entry.columns, context);
    return;
  }
  const sources = resolveColumn(reference, scope);
  if (sources !== null) {
    for (const source of sources) context.builder.addReference(source);
    return;
  }
  // `count(t)`, `to_json(t)`: the whole row.
  const entry = resolveEntry(namesOf(reference.fields).at(-1) ?? "", scope);
  if (entry !== null) referenceAll(entry.columns, context);
}

function referenceAll(
  columns: readonly { readonly sources: readonly ColumnSource[] }[],
  context: ShapeContext,
): void {
  for (const column of columns) {
    for (const source of column.sources) context.builder.addReference(source);
  }
}

function visitSubquery(link: SubLink, scope: Scope, context: ShapeContext): void {
  visitExpression(link.testexpr, scope, context);
  if (link.subselect === undefined || !("SelectStmt" in link.subselect)) return;
  const ignoresOutput = link.subLinkType === "EXISTS_SUBLINK";
  const outputs = context.analyzeQuery(link.subselect.SelectStmt, scope, { ignoresOutput });
  joinWithSubquery(link, outputs[0]?.sources ?? [], scope, context);
}

/** `x IN (SELECT y …)` joins x with y, in both directions; NOT IN has no join. */
function joinWithSubquery(
  link: SubLink,
  outputs: readonly ColumnSource[],
  scope: Scope,
  context: ShapeContext,
): void {
  const operator = namesOf(link.operName).at(-1) ?? "=";
  if (link.subLinkType !== "ANY_SUBLINK" || operator !== "=") return;
  const tested = link.testexpr;
  if (tested === undefined || !("ColumnRef" in tested)) return;
  for (const source of resolveColumn(tested.ColumnRef, scope) ?? []) {
    for (const other of outputs) {
      context.builder.addJoin(source.occurrence, { column: source.column, other });
      context.builder.addJoin(other.occurrence, { column: other.column, other: source });
    }
  }
}
