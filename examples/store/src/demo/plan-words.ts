import { Client } from "pg";
import { storeSize } from "../store-size.ts";
import { createDraws } from "../workload/draws.ts";
import { storeWorkload } from "../workload/store-workload.ts";

/** A node as `EXPLAIN (FORMAT JSON)` prints it, as far as it is read here. */
export interface ExplainedNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Total Cost": number;
  readonly Plans?: readonly ExplainedNode[];
}

/**
 * How each query of the workload is carried out now, in three words: what scans which table. Nothing is executed.
 *
 * @returns name of the query -> "index scan orders"
 */
export async function explainWorkload(
  url: string,
  scale: number,
): Promise<ReadonlyMap<string, string>> {
  const words = new Map<string, string>();
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const query of storeWorkload) {
      // The same parameters before and after, so that the two plans differ by the indexes only.
      const values = query.values(createDraws(1), storeSize(scale));
      const { rows } = await client.query<{ "QUERY PLAN": readonly { Plan: ExplainedNode }[] }>(
        `EXPLAIN (FORMAT JSON) ${query.text}`,
        [...values],
      );
      const plan = rows[0]?.["QUERY PLAN"][0]?.Plan;
      words.set(query.name, plan === undefined ? "" : planWords(plan));
    }
  } finally {
    await client.end();
  }
  return words;
}

const SCAN_WORDS: Readonly<Record<string, string>> = {
  "Seq Scan": "seq scan",
  "Index Scan": "index scan",
  "Index Only Scan": "index-only scan",
  "Bitmap Heap Scan": "bitmap scan",
};

/** Three words for a plan: its most expensive scan and the table of it; "insert orders" and the like without one. */
export function planWords(plan: ExplainedNode): string {
  const scans = nodesOf(plan).filter((node) => Object.hasOwn(SCAN_WORDS, node["Node Type"]));
  const [first, ...others] = scans;
  if (first === undefined) return `no scan ${plan["Relation Name"] ?? ""}`.trim();
  const worst = others.reduce(
    (most, node) => (node["Total Cost"] > most["Total Cost"] ? node : most),
    first,
  );
  return `${SCAN_WORDS[worst["Node Type"]]} ${worst["Relation Name"] ?? ""}`.trim();
}

function nodesOf(plan: ExplainedNode): readonly ExplainedNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}
