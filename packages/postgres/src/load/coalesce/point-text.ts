import { batchSql } from "./batch-sql.ts";
import { ByContext } from "./by-context.ts";
import type { PointPlan } from "./point-plan.ts";
import type { PointQuery } from "./point-query.ts";
import { RecentMap } from "./recent-map.ts";

/** Tables that one text is prepared for: one, but for schemas that change with the context. */
const TABLES_LIMIT = 100;

/** A text that is a point query, and the text of its batch. */
export interface PointText {
  readonly query: PointQuery;
  readonly batchText: string;
  /** By context: the same name may be another table in another context. */
  readonly plans: ByContext<PointPlan>;
  /**
   * The table that the catalog approved last. A new context begins with it: its result tells when it was another table, and then its queries run
   * by themselves.
   */
  tableOid: number | undefined;
  /** By table. */
  readonly prepared: RecentMap<number, PreparedBatch>;
}

/** The batch as a prepared statement: the server reads the types of its parameters once, by the table that it finds then. */
interface PreparedBatch {
  /** Batches sent. */
  count: number;
  name: string | undefined;
}

export function toPointText(query: PointQuery): PointText {
  return {
    query,
    batchText: batchSql(query),
    plans: new ByContext(),
    tableOid: undefined,
    prepared: new RecentMap(TABLES_LIMIT),
  };
}
