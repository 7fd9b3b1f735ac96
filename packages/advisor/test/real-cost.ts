import { parsePlan } from "@upshift/plan";
import type { TestDatabase } from "@upshift/services";

/** What the real server says a statement costs. */
export async function realCost(database: TestDatabase, text: string): Promise<number> {
  const [row] = await database.query(`EXPLAIN (FORMAT JSON) ${text}`);
  return parsePlan(JSON.stringify(row?.["QUERY PLAN"])).root.totalCost ?? 0;
}
