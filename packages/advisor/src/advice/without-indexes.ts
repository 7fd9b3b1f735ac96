import type { IndexId } from "../planner/planner.ts";
import { TIE_RATIO } from "../search/query-cost.ts";
import type { SearchQuery } from "../search/search-query.ts";
import type { WhatIf } from "../search/what-if.ts";

/** What the workload costs with and without some existing indexes. */
export interface DropProof {
  /** No query gets dearer by more than was allowed. */
  readonly isHarmless: boolean;
  /** Sum of calls x cost over the queries on the index's table; 0 when there are none. */
  readonly before: number;
  readonly after: number;
}

/** Plans every query on a table with indexes hidden, in the presence of those that are advised. */
export async function proveDrop(request: {
  readonly whatIf: WhatIf;
  readonly queries: readonly SearchQuery[];
  readonly advised: ReadonlySet<IndexId>;
  readonly table: string;
  /** What is hidden already. */
  readonly hidden: ReadonlySet<IndexId>;
  readonly candidate: IndexId;
  /** What the index may gain a query beside the one that takes its place: less than this share is not worth two. */
  readonly slackRatio: number;
  /** No query may cost more than before anything was advised, whatever it would gain beside the index. */
  readonly isBoundByToday: boolean;
}): Promise<DropProof> {
  const { whatIf, queries, advised, table, hidden, candidate } = request;
  const without = new Set([...hidden, candidate]);
  let isHarmless = true;
  let before = 0;
  let after = 0;
  for (const query of queries) {
    if (!query.tables.has(table)) continue;
    const shown = await whatIf.cost(query, advised, { isExact: true, hidden });
    const gone = await whatIf.cost(query, advised, { isExact: true, hidden: without });
    before += query.calls * shown.cost;
    after += query.calls * gone.cost;
    if (gone.cost <= shown.cost * (1 + TIE_RATIO)) continue;
    if (gone.cost * (1 - request.slackRatio) > shown.cost) isHarmless = false;
    if (!request.isBoundByToday) continue;
    const today = await whatIf.cost(query, new Set(), { isExact: true });
    if (gone.cost > today.cost * (1 + TIE_RATIO)) isHarmless = false;
  }
  return { isHarmless, before, after };
}
