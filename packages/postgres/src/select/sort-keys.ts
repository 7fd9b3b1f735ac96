import { InvalidArgumentError } from "@upshift/foundation";
import { joinSql, sql, type Sql, verbatim } from "../sql/sql.ts";
import type { CheckedScope } from "./check-tables.ts";
import { fieldExpression } from "./compile-selection.ts";
import type { ColumnNode, ComputedNode, FieldMap } from "./field-node.ts";
import { UnknownFieldError } from "./select-errors.ts";

/** A field to sort by: `'title'`, `['title', 'desc']` or `['title', 'desc', { nulls: 'last' }]`. */
export type SortItem<P extends string = string> =
  | P
  | readonly [P, SortDirection?, { readonly nulls?: "first" | "last" }?];

/** Default is `asc`. */
export type SortDirection = "asc" | "desc";

export interface Sort {
  readonly sql: Sql;
  /** Joins that it needs. */
  readonly uses: readonly string[];
}

/**
 * @throws {UnknownFieldError} for a field that is not declared, or is not a single value of the row
 * @throws {InvalidArgumentError} for a direction or place of NULL that cannot be
 */
export function toSort(items: readonly SortItem[], checked: CheckedScope): Sort {
  const fields = singleFields(checked.scope.fields);
  const unknown = items.map(pathOf).filter((path) => !fields.has(path));
  if (unknown.length > 0) throw new UnknownFieldError(unknown, [...fields.keys()]);
  const uses: string[] = [];
  const keys = items.flatMap((item) => {
    const node = fields.get(pathOf(item));
    if (node === undefined) return [];
    uses.push(...(node.kind === "computed" ? node.joins : joinOf(node)));
    return [sql`${fieldExpression(node, checked)}${verbatim(manner(item))}`];
  });
  return { sql: joinSql(keys, verbatim(", ")), uses };
}

function pathOf(item: SortItem): string {
  return typeof item === "string" ? item : item[0];
}

function joinOf({ join }: ColumnNode): readonly string[] {
  return join === undefined ? [] : [join];
}

function manner(item: SortItem): string {
  const [, direction = "asc", { nulls } = {}] = typeof item === "string" ? [item] : item;
  const words = { asc: "", desc: " DESC" };
  const places = { first: " NULLS FIRST", last: " NULLS LAST" };
  if (!Object.hasOwn(words, direction)) {
    throw new InvalidArgumentError('a direction "asc" or "desc"', direction);
  }
  if (nulls !== undefined && !Object.hasOwn(places, nulls)) {
    throw new InvalidArgumentError('`nulls` as "first" or "last"', nulls);
  }
  return `${words[direction]}${nulls === undefined ? "" : places[nulls]}`;
}

/** Single values of the row itself, by path: not those of its lists. */
function singleFields(fields: FieldMap): ReadonlyMap<string, ColumnNode | ComputedNode> {
  const found = new Map<string, ColumnNode | ComputedNode>();
  for (const node of fields.values()) {
    if (node.kind === "column" || node.kind === "computed") found.set(node.path, node);
    if (node.kind === "object") {
      for (const [path, inside] of singleFields(node.fields)) found.set(path, inside);
    }
  }
  return found;
}
