import { batchSql } from "./batch-sql.ts";
import type { PointPlan } from "./point-plan.ts";
import type { PointQuery } from "./point-query.ts";
import { RecentMap } from "./recent-map.ts";

/** Contexts whose tables are remembered, for each text. */
const CONTEXTS_LIMIT = 500;

/** A text that is a point query, and the text of its batch. */
export interface PointText {
  readonly query: PointQuery;
  readonly batchText: string;
  /** By context: the same name may be another table in another context. */
  readonly plans: RecentMap<unknown, PointPlan>;
}

export function toPointText(query: PointQuery): PointText {
  return { query, batchText: batchSql(query), plans: new RecentMap(CONTEXTS_LIMIT) };
}
