import type { Fix, IndexProbe } from "@upshift/findings";
import { type Condition, readConditions } from "../expression/conditions.ts";
import { indexColumns, toPredicate, toSortColumns } from "../expression/index-columns.ts";
import { quoteIdentifier } from "../expression/quote-identifier.ts";
import type { Plan, PlanNode } from "../plan.ts";
import { parentOf } from "../plan-tree.ts";
import { tableOf } from "./node-text.ts";

export interface IndexHint {
  readonly conditions: readonly Condition[];
  readonly fix: Fix;
  readonly probe: IndexProbe | undefined;
}

const CAUTION =
  "A hint: read from one plan, not tried on your database. `npx upshift doctor` has the planner check it against the whole " +
  "workload first. CONCURRENTLY cannot run inside a transaction.";

/**
 * The index that would find a scan's rows: its conditions' columns, then the order that a LIMIT above asks for.
 *
 * Without a column that a B-tree serves (functions, LIKE, OR) there is no SQL, only what to look into.
 */
export function indexHint(plan: Plan, node: PlanNode): IndexHint {
  const found = readOf(node.indexCond ?? node.recheckCond, node);
  // What the index leaves to the filter comes first: of two ranges, it is the one worth an index.
  const conditions = [...readOf(node.filter, node), ...found];
  const order = limitedOrder(plan, node);
  const known = new Set(found.map(({ column }) => column));
  const isNews = conditions.some(({ column }) => column !== null && !known.has(column));
  const columns = isNews ? indexColumns(conditions, order) : [];
  const table = tableOf(node);
  const predicate = toPredicate(conditions);
  const probe =
    table === null || predicate === null
      ? undefined
      : { table, predicate, ...(order.length === 0 ? {} : { order: order.join(", ") }) };
  if (table === null || columns.length === 0) {
    return { conditions, probe, fix: { title: NO_COLUMN } };
  }
  const name = indexName(node.relation ?? "table", columns);
  const schema =
    node.schema === null || node.schema === "public" ? "" : `${quoteIdentifier(node.schema)}.`;
  return {
    conditions,
    probe,
    fix: {
      title: `Index ${table} by ${columns.join(", ")}`,
      sql: `CREATE INDEX CONCURRENTLY ${quoteIdentifier(name)} ON ${table} (${columns.join(", ")});`,
      undo: `DROP INDEX CONCURRENTLY ${schema}${quoteIdentifier(name)};`,
      caution: CAUTION,
    },
  };
}

function readOf(text: string | null, node: PlanNode): readonly Condition[] {
  return text === null ? [] : readConditions(text, node.alias);
}

const NO_COLUMN =
  "No plain column to index: look into an expression index for the function or cast, a trigram index for LIKE '%…', " +
  "or one index per side of an OR";

/** Sort keys of a Sort right above the scan whose first rows a Limit takes; an index in that order needs no sort. */
function limitedOrder(plan: Plan, node: PlanNode): readonly string[] {
  let at = parentOf(plan, node);
  while (at?.type === "Gather") at = parentOf(plan, at);
  if (at?.type !== "Sort") return [];
  let above = parentOf(plan, at);
  while (above?.type === "Gather Merge") above = parentOf(plan, above);
  return above?.type === "Limit" ? toSortColumns(at.sortKey, node.alias) : [];
}

/** PostgreSQL's own habit: `orders_user_id_idx`, within the 63 bytes of a name. */
function indexName(relation: string, columns: readonly string[]): string {
  const parts = [relation, ...columns.map((column) => column.split(" ")[0] ?? "")];
  const body = parts
    .join("_")
    .replaceAll('"', "")
    .replaceAll(/[^\p{L}\p{N}_]+/gu, "_");
  return `${Array.from(body).slice(0, 55).join("").replace(/_+$/, "")}_idx`;
}
