import type { Node, SelectStmt } from "libpg-query";
import type { SchemaLookup } from "../schema-lookup.ts";
import type { SqlParser } from "../sql-parser.ts";
import type { QueryShape, StatementKind } from "./query-shape.ts";
import { emptyScope, type OutputColumn, type ShapeContext, type Scope } from "./scope.ts";
import { analyzeSelect } from "./select-shape.ts";
import { ShapeBuilder } from "./shape-builder.ts";
import { analyzeDelete, analyzeInsert, analyzeMerge, analyzeUpdate } from "./write-shape.ts";

/** Views may name views; deeper than this they are opaque. */
const DEEPEST_VIEW = 10;

/**
 * What a statement asks of each table.
 *
 * Names are resolved as a session with the snapshot's search path would; what is not known (functions, missing tables,
 * views that do not parse) is left out rather than guessed.
 */
export function queryShape(statement: Node, schema: SchemaLookup, parser: SqlParser): QueryShape {
  const builder = new ShapeBuilder();
  const openViews: string[] = [];

  const context: ShapeContext = {
    builder,
    schema,
    analyzeQuery: (query, parent, options) => analyzeSelect(query, parent, context, options),
    analyzeStatement: (node, parent) => analyzeAny(node, parent, context),
    analyzeView: (name, ddl) => {
      const query = openViews.includes(name) ? null : viewQuery(ddl, parser);
      if (query === null || openViews.length >= DEEPEST_VIEW) return [];
      openViews.push(name);
      try {
        return analyzeSelect(query, emptyScope, context);
      } finally {
        openViews.pop();
      }
    },
  };
  analyzeAny(statement, emptyScope, context);
  return builder.build(kindOf(statement));
}

function analyzeAny(node: Node, parent: Scope, context: ShapeContext): readonly OutputColumn[] {
  if ("SelectStmt" in node) return analyzeSelect(node.SelectStmt, parent, context);
  if ("InsertStmt" in node) return analyzeInsert(node.InsertStmt, parent, context);
  if ("UpdateStmt" in node) return analyzeUpdate(node.UpdateStmt, parent, context);
  if ("DeleteStmt" in node) return analyzeDelete(node.DeleteStmt, parent, context);
  if ("MergeStmt" in node) return analyzeMerge(node.MergeStmt, parent, context);
  return [];
}

function kindOf(node: Node): StatementKind {
  if ("InsertStmt" in node) return "insert";
  if ("UpdateStmt" in node) return "update";
  if ("DeleteStmt" in node) return "delete";
  return "MergeStmt" in node ? "merge" : "select";
}

function viewQuery(ddl: string, parser: SqlParser): SelectStmt | null {
  const parsed = parser.parse(ddl);
  const node = "refused" in parsed ? undefined : parsed[0]?.node;
  const query = node !== undefined && "ViewStmt" in node ? node.ViewStmt.query : undefined;
  return query !== undefined && "SelectStmt" in query ? query.SelectStmt : null;
}
