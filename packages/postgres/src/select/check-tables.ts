import { InvalidArgumentError } from "@upshift/foundation";
import type { Catalog } from "../catalog/catalog.ts";
import type { ColumnFacts, TableFacts } from "../catalog/table-facts.ts";
import type { FieldMap, JoinNode, ListNode, Scope } from "./field-node.ts";
import { hasOneRowAtMost, hasOneRowAtLeast } from "./join-facts.ts";

/** A scope of which the catalog has confirmed every name, and what it says of the joins. */
export interface CheckedScope {
  readonly scope: Scope;
  readonly facts: TableFacts;
  readonly joins: ReadonlyMap<string, CheckedJoin>;
  readonly lists: ReadonlyMap<ListNode, CheckedScope>;
}

export interface CheckedJoin {
  readonly node: JoinNode;
  readonly facts: TableFacts;
  /** An inner join that may leave rows out: what it is for, so it is there whatever is asked for. */
  readonly isFilter: boolean;
  /** Every row of the result has it. */
  readonly isPresent: boolean;
}

/**
 * Holds a definition against the catalog.
 *
 * @throws {UnknownTableError}
 * @throws {UnknownColumnError}
 * @throws {InvalidArgumentError} when a join could find more than one row
 */
export async function checkTables(catalog: Catalog, scope: Scope): Promise<CheckedScope> {
  const facts = await catalog.table(scope.table);
  const joins = new Map<string, CheckedJoin>();
  for (const node of scope.joins.values()) {
    const parent = node.parent === undefined ? undefined : joins.get(node.parent);
    joins.set(node.name, await checkJoin(catalog, node, parent, facts));
  }
  const tableOf = (join: string | undefined): TableFacts =>
    (join === undefined ? undefined : joins.get(join)?.facts) ?? facts;
  const lists = new Map<ListNode, CheckedScope>();
  for (const list of await checkFields(catalog, scope.fields, tableOf)) {
    lists.set(list, await checkList(catalog, list, tableOf(list.parent)));
  }
  return { scope, facts, joins, lists };
}

async function checkJoin(
  catalog: Catalog,
  node: JoinNode,
  parent: CheckedJoin | undefined,
  base: TableFacts,
): Promise<CheckedJoin> {
  const facts = await catalog.table(node.table);
  const left = parent?.facts ?? base;
  await checkPairs(catalog, node.on, left, facts);
  if (!hasOneRowAtMost(node, left, facts)) {
    const columns = node.on.map(([, column]) => column).join(", ");
    throw new InvalidArgumentError(
      `the join ${JSON.stringify(node.name)} to find one row at most: a unique key of ${facts.sqlName}, compared with columns of the same types. For many rows declare the field with \`many\``,
      columns,
    );
  }
  const isParentPresent = node.parent === undefined || parent?.isPresent === true;
  const isCertain = isParentPresent && hasOneRowAtLeast(node, left, facts);
  return {
    node,
    facts,
    isFilter: node.isInner && !isCertain,
    // A filter leaves no row in the result that lacks it, nor one that lacks what it hangs on.
    isPresent: node.isInner || isCertain,
  };
}

async function checkList(
  catalog: Catalog,
  list: ListNode,
  parent: TableFacts,
): Promise<CheckedScope> {
  const checked = await checkTables(catalog, list.scope);
  await checkPairs(catalog, list.on, parent, checked.facts);
  return checked;
}

async function checkPairs(
  catalog: Catalog,
  on: readonly (readonly [string, string])[],
  left: TableFacts,
  right: TableFacts,
): Promise<void> {
  await columnsOf(
    catalog,
    left,
    on.map(([column]) => column),
  );
  await columnsOf(
    catalog,
    right,
    on.map(([, column]) => column),
  );
}

/** @returns the lists among the fields, which have scopes of their own */
async function checkFields(
  catalog: Catalog,
  fields: FieldMap,
  tableOf: (join: string | undefined) => TableFacts,
): Promise<readonly ListNode[]> {
  const lists: ListNode[] = [];
  for (const node of fields.values()) {
    if (node.kind === "column") await columnsOf(catalog, tableOf(node.join), [node.column]);
    if (node.kind === "list") lists.push(node);
    if (node.kind === "object") lists.push(...(await checkFields(catalog, node.fields, tableOf)));
  }
  return lists;
}

function columnsOf(
  catalog: Catalog,
  { schema, name }: TableFacts,
  columns: readonly string[],
): Promise<readonly ColumnFacts[]> {
  return catalog.columns({ schema, name }, columns);
}
