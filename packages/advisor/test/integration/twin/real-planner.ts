import { type Plan, parsePlan } from "@upshift/plan";
import type { Client } from "pg";
import type { PlannableStatement } from "../../../src/planner/planner.ts";

/** The planner of a real server whose indexes are hidden and shown in its catalog: only for a throwaway database. */
export class RealPlanner {
  readonly #client: Client;
  readonly #names = new Map<string, string>();

  constructor(client: Client) {
    this.#client = client;
  }

  async start(): Promise<void> {
    await this.#client.query("SET jit = off; SET plan_cache_mode = force_custom_plan");
  }

  /**
   * Shows exactly the visible ones, each with its partitions' parts.
   *
   * @param indexes - qualified names of those that may be hidden
   */
  async show(indexes: readonly string[], visible: ReadonlySet<string>): Promise<void> {
    await this.#client.query(
      `UPDATE pg_index SET indisvalid = v.is_shown
         FROM (SELECT coalesce(t.relid, n.name::regclass) AS part, bool_or(n.name = ANY ($2)) AS is_shown
                 FROM unnest($1::text[]) n(name) LEFT JOIN LATERAL pg_partition_tree(n.name::regclass) t ON true
                GROUP BY 1) v
        WHERE indexrelid = v.part`,
      [indexes, indexes.filter((index) => visible.has(index))],
    );
  }

  async plan(statement: PlannableStatement): Promise<Plan> {
    const { rows } = await this.#client.query({
      text: await this.#explain(statement),
      rowMode: "array",
    });
    return parsePlan(JSON.stringify(rows[0]?.[0]));
  }

  async #explain({ text, parameters }: PlannableStatement): Promise<string> {
    if (parameters === "generic") return `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`;
    if (parameters.length === 0) return `EXPLAIN (FORMAT JSON) ${text}`;
    let name = this.#names.get(text);
    if (name === undefined) {
      name = `real_${this.#names.size}`;
      await this.#client.query(`PREPARE ${name} AS ${text}`);
      this.#names.set(text, name);
    }
    const values = parameters.map((value) =>
      value === null ? "NULL" : `'${value.replaceAll("'", "''")}'`,
    );
    return `EXPLAIN (FORMAT JSON) EXECUTE ${name}(${values.join(", ")})`;
  }
}
