import {
  type IndexDefinition,
  openTwin,
  type PlannableStatement,
  takeSnapshot,
  type Twin,
} from "@upshift/advisor";
import { type Plan, type PlanNode, parsePlan } from "@upshift/plan";
import { createTestDatabase, type TestDatabase } from "@upshift/services";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDraws, loadStore, storeWorkload } from "../../src/index.ts";

const PAIRS = 120;
const SEED = 20_260_701;
const SCALE = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 1 : 0.05;

const CANDIDATES: readonly (readonly [table: string, ...columns: string[]])[] = [
  ["orders", "tenant_id", "placed_at"],
  ["orders", "status", "placed_at"],
  ["orders", "user_id", "placed_at"],
  ["order_items", "product_id"],
  ["users", "country", "created_at"],
  ["comments", "author_id", "created_at"],
  ["posts", "author_id", "published_at"],
];

interface Pair {
  readonly label: string;
  readonly deviationRatio: number;
  readonly realShape: string;
  readonly twinShape: string;
}

describe("the twin of the store beside the store", () => {
  let database: TestDatabase;
  let client: Client;
  let twin: Twin;
  const pairs: Pair[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    await loadStore(database.url, { scale: SCALE });
    client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query("SET jit = off");
    twin = await openTwin(await takeSnapshot(client, { values: "real", workloadSql: "SELECT 1" }));
    for (const index of await twin.addIndexes(CANDIDATES.map(definition))) {
      if ("refused" in index) throw new Error(index.refused);
      await client.query(index.ddl);
    }
    await drawPairs();
    process.stdout.write(`${PAIRS} pairs, seed ${SEED}:\n${pairs.map(printed).join("\n")}\n`);
  }, 240_000);

  afterAll(async () => {
    await twin?.close();
    await client?.end();
    await database?.drop();
  });

  async function drawPairs(): Promise<void> {
    const draws = createDraws(SEED);
    const names = twin.indexes().flatMap((index) => (index.canHide ? [index.id] : []));
    for (let pair = 0; pair < PAIRS; pair += 1) {
      const query = storeWorkload[pair % storeWorkload.length];
      if (query === undefined) continue;
      const visible = new Set(names.filter(() => draws.next() < 0.6));
      await client.query(
        "UPDATE pg_index SET indisvalid = indexrelid::regclass = ANY ($2::regclass[]) WHERE indexrelid = ANY ($1::regclass[])",
        [names, [...visible]],
      );
      const statement: PlannableStatement = { text: query.text, parameters: "generic" };
      const planned = await twin.plan(statement, visible);
      const real = await explain(query.text);
      pairs.push({
        label: `[${visible.size}/${names.length}] ${query.name}`,
        deviationRatio: planned.cost / (real.root.totalCost ?? Number.NaN) - 1,
        realShape: shape(real.root),
        twinShape: shape(planned.plan.root),
      });
    }
  }

  async function explain(text: string): Promise<Plan> {
    const { rows } = await client.query({
      text: `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`,
      rowMode: "array",
    });
    return parsePlan(JSON.stringify(rows[0]?.[0]));
  }

  it("takes the whole schema over", () => {
    expect(twin.limitations).toEqual([]);
  });

  it("prices at least 95 % of the pairs within 1 %", () => {
    const close = pairs.filter((pair) => Math.abs(pair.deviationRatio) <= 0.01);
    expect(close.length / pairs.length).toBeGreaterThanOrEqual(0.95);
  });

  it("chooses the same plan, but for ties and hash tables of a 32-bit build", () => {
    const others = pairs.filter(
      (pair) =>
        pair.realShape !== pair.twinShape &&
        Math.abs(pair.deviationRatio) > (/Aggregate Hashed/u.test(pair.realShape) ? 0.05 : 0.001),
    );
    expect(others).toEqual([]);
  });
});

function printed(pair: Pair): string {
  const verdict = pair.realShape === pair.twinShape ? "same " : "OTHER";
  return `${(pair.deviationRatio * 100).toFixed(3).padStart(8)} %  ${verdict}  ${pair.label}`;
}

function shape(node: PlanNode): string {
  const name = [node.type, node.strategy, node.joinType, node.index, node.relation]
    .filter((part) => part !== null)
    .join(" ");
  return `${name}(${node.children.map(shape).join(", ")})`;
}

function definition([table, ...columns]: readonly [string, ...string[]]): IndexDefinition {
  return {
    schema: "public",
    table,
    method: "btree",
    keys: columns.map((expression) => ({
      expression,
      isColumn: true,
      direction: "asc",
      nulls: "last",
      opclass: null,
    })),
    include: [],
    predicate: null,
  };
}
