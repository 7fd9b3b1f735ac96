import type { ColumnRef, Node, SelectStmt } from "libpg-query";
import type { SchemaLookup } from "../schema-lookup.ts";
import type { ColumnSource } from "./query-shape.ts";
import type { ShapeBuilder } from "./shape-builder.ts";

/** A column that a query or a FROM item gives, and the table columns it comes from; none when it is computed. */
export interface OutputColumn {
  readonly name: string;
  /** More than one below a UNION. */
  readonly sources: readonly ColumnSource[];
}

export interface ScopeEntry {
  readonly alias: string;
  readonly columns: readonly OutputColumn[];
}

/** The names that an expression can use. */
export interface Scope {
  readonly entries: readonly ScopeEntry[];
  readonly parent: Scope | null;
  readonly ctes: ReadonlyMap<string, readonly OutputColumn[]>;
}

/** What every step of the extraction needs. */
export interface ShapeContext {
  readonly builder: ShapeBuilder;
  readonly schema: SchemaLookup;
  /** The steps call one another in a circle: a query holds expressions that hold queries. */
  readonly analyzeQuery: (
    query: SelectStmt,
    parent: Scope,
    options?: { readonly ignoresOutput?: boolean },
  ) => readonly OutputColumn[];
  /** A statement in WITH, which may write. */
  readonly analyzeStatement: (statement: Node, parent: Scope) => readonly OutputColumn[];
  readonly analyzeView: (name: string, ddl: string) => readonly OutputColumn[];
}

export const emptyScope: Scope = { entries: [], parent: null, ctes: new Map() };

/** The sources of a column reference; `null` when no entry in reach has it. */
export function resolveColumn(reference: ColumnRef, scope: Scope): readonly ColumnSource[] | null {
  const names = (reference.fields ?? []).flatMap((field) =>
    "String" in field ? [field.String.sval ?? ""] : [],
  );
  const column = names.at(-1);
  if (column === undefined || names.length !== reference.fields?.length) return null;
  const alias = names.at(-2);
  for (let current: Scope | null = scope; current !== null; current = current.parent) {
    for (const entry of current.entries) {
      if (alias !== undefined && entry.alias !== alias) continue;
      const found = entry.columns.find((item) => item.name === column);
      if (found !== undefined) return found.sources;
    }
  }
  return null;
}

/** The entry that `alias.*` or a whole-row reference names. */
export function resolveEntry(alias: string, scope: Scope): ScopeEntry | null {
  for (let current: Scope | null = scope; current !== null; current = current.parent) {
    const entry = current.entries.find((item) => item.alias === alias);
    if (entry !== undefined) return entry;
  }
  return null;
}

export function resolveCte(name: string, scope: Scope): readonly OutputColumn[] | null {
  for (let current: Scope | null = scope; current !== null; current = current.parent) {
    const columns = current.ctes.get(name);
    if (columns !== undefined) return columns;
  }
  return null;
}
