import type { Node } from "libpg-query";
import { typeNameOf, walkSyntax } from "../syntax.ts";
import type { ColumnSource } from "./query-shape.ts";
import { resolveColumn, type Scope } from "./scope.ts";

/** Casts among these keep an index on the column usable: the types share their operators. */
const TEXT_TYPES: ReadonlySet<string> = new Set(["text", "varchar"]);

/** The table columns that an operand is; empty for any expression. */
export function columnOf(node: Node | undefined, scope: Scope): readonly ColumnSource[] {
  if (node === undefined) return [];
  if ("ColumnRef" in node) return resolveColumn(node.ColumnRef, scope) ?? [];
  if ("CollateClause" in node) return [];
  if ("TypeCast" in node && TEXT_TYPES.has(typeNameOf(node.TypeCast.typeName))) {
    const isArray = (node.TypeCast.typeName?.arrayBounds ?? []).length > 0;
    return isArray ? [] : columnOf(node.TypeCast.arg, scope);
  }
  return [];
}

/**
 * What a column is compared with: a `value` that is fixed before the table is read, something of the `same-table`
 * (no index helps), or other tables.
 */
export function comparesWith(
  value: Node,
  subject: ColumnSource,
  scope: Scope,
): "value" | "same-table" | { readonly sources: readonly ColumnSource[] } {
  const direct = columnOf(value, scope);
  const sources = direct.length > 0 ? direct : columnsBelow(value, scope);
  if (sources.length === 0) return "value";
  if (sources.some((source) => source.occurrence === subject.occurrence)) return "same-table";
  return { sources: direct };
}

function columnsBelow(value: Node, scope: Scope): readonly ColumnSource[] {
  const found: ColumnSource[] = [];
  walkSyntax(value, (kind, body) => {
    // A scalar subquery is computed before; one that is correlated makes no index condition anyway.
    if (kind === "SubLink") return false;
    if (kind === "ColumnRef") found.push(...(resolveColumn(body, scope) ?? []));
    return true;
  });
  return found;
}
