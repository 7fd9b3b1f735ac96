import type { Connection } from "../../connection/connection.ts";
import { inTransaction } from "../../connection/in-transaction.ts";
import type { Queryable } from "../../connection/queryable.ts";
import type { Abortable } from "../../connection/with-connection.ts";
import type { CompiledSql } from "../../sql/sql.ts";
import type { PageFetch } from "../fetch-page.ts";
import type { PageShape } from "../page-shapes.ts";
import type { ResolvedOrder } from "../resolve-order.ts";
import { type PageWarning, pageWarnings } from "./page-warnings.ts";
import type { PlanNode } from "./plan-node.ts";

/** How the server makes a page. */
export interface PageExplanation {
  readonly warnings: readonly PageWarning[];
  /** With `$1`, `$2`, … for values. */
  readonly text: string;
  /** The root node of EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON); `undefined` when no row can come and nothing is asked. */
  readonly plan: PlanNode | undefined;
  /** Pages of 8 KiB that it read from the buffer cache or into it. */
  readonly sharedBufferCount: number;
}

const NOTHING: PageExplanation = { warnings: [], text: "", plan: undefined, sharedBufferCount: 0 };

/** So dear that the planner sorts or reads a whole table only where nothing else is possible. Sorting what ties in an index's order stays allowed. */
const FORCE_INDEXES = ["enable_seqscan", "enable_bitmapscan", "enable_sort"]
  .map((setting) => `pg_catalog.set_config('${setting}', 'off', true)`)
  .join(", ");

/** Runs the page's statement under EXPLAIN ANALYZE, and plans it with sorting switched off. Both in a transaction that is rolled back, settings included. */
export async function explainPage(
  db: Queryable,
  order: ResolvedOrder,
  fetch: PageFetch,
  { shape, signal }: Abortable & { readonly shape: PageShape | undefined },
): Promise<PageExplanation> {
  if (shape === undefined) return NOTHING;
  const compiled: CompiledSql = { text: shape.text, values: shape.values(fetch) };
  const plans = await rolledBack(db, signal, async (connection) => {
    const ran = await planOf(connection, "ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON", compiled);
    await connection.run({ text: `SELECT ${FORCE_INDEXES}`, values: [] });
    const forced = await planOf(connection, "FORMAT JSON", compiled);
    return { ran, forced };
  });
  const { ran } = plans;
  return {
    warnings: pageWarnings(order, { ...plans, size: fetch.size }),
    text: compiled.text,
    plan: ran,
    sharedBufferCount: (ran["Shared Hit Blocks"] ?? 0) + (ran["Shared Read Blocks"] ?? 0),
  };
}

async function planOf(
  connection: Connection,
  options: string,
  { text, values }: CompiledSql,
): Promise<PlanNode> {
  const result = await connection.run<Readonly<Record<string, unknown>>>({
    text: `EXPLAIN (${options}) ${text}`,
    values,
  });
  const [explained] = Object.values(result.rows[0] ?? {});
  // Some drivers take JSON apart, others leave it as text.
  const [root]: readonly { readonly Plan: PlanNode }[] =
    typeof explained === "string" ? JSON.parse(explained) : explained;
  if (root === undefined) throw new Error("EXPLAIN gave no plan");
  return root.Plan;
}

/** A transaction commits unless its body throws. */
async function rolledBack<T>(
  db: Queryable,
  signal: AbortSignal | undefined,
  body: (connection: Connection) => Promise<T>,
): Promise<T> {
  const done: { result?: T } = {};
  const undo = new Error("rolled back on purpose");
  try {
    await inTransaction(
      db,
      async (connection) => {
        done.result = await body(connection);
        throw undo;
      },
      { signal },
    );
  } catch (error) {
    if (error !== undo) throw error;
  }
  signal?.throwIfAborted();
  if (done.result === undefined) throw undo;
  return done.result;
}
