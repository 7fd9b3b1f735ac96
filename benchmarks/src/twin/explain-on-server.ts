import { parsePlan } from "@upshift/plan";
import type { Client } from "pg";

/** Asks a real server, as a tool without a twin would; it cannot switch indexes, so this is less work than a what-if. */
export function explainOnServer(client: Client): (text: string) => Promise<{ cost: number }> {
  return async (text) => {
    const { rows } = await client.query({
      text: `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`,
      rowMode: "array",
    });
    return { cost: parsePlan(JSON.stringify(rows[0]?.[0])).root.totalCost ?? 0 };
  };
}
