import { type PostgresMajor, type PostgresServer, startPostgres } from "@upshift/services";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { IndexDefinition, PlannableStatement } from "../../src/planner/planner.ts";
import { openTwin } from "../../src/twin/open-twin.ts";
import type { Twin } from "../../src/twin/twin.ts";
import { type Comparison, comparePlans, printComparisons } from "./twin/compare-plans.ts";
import { createDraw } from "./twin/draw.ts";
import { RealPlanner } from "./twin/real-planner.ts";
import { isFullScale } from "./twin/test-scale.ts";
import { createThrowawayDatabase, type ThrowawayDatabase } from "./twin/throwaway-database.ts";

const PAIRS = 120;
const SEED = 14_15_16_17;

/** Leading keys with few values, so that PostgreSQL 18 would skip over them. */
const CANDIDATES: readonly IndexDefinition[] = [
  btree("visits", ["status", "user_id"]),
  btree("visits", ["status", "region", "user_id"]),
  btree("visits", ["status", "created_at", "user_id"]),
  btree("visits", ["created_at", "user_id"], ["total"]),
  btree("visits", ["region", "status"]),
];

const QUERIES: readonly PlannableStatement[] = [
  { text: "SELECT * FROM visits WHERE user_id = $1", parameters: "generic" },
  { text: "SELECT * FROM visits WHERE user_id = $1", parameters: ["77"] },
  ...[
    "SELECT user_id, status FROM visits WHERE user_id = 77",
    "SELECT * FROM visits WHERE status = 'a' AND user_id = 77",
    "SELECT * FROM visits WHERE status = 'a' AND created_at > '2024-05-01' AND user_id = 5",
    "SELECT * FROM visits WHERE status = 'a' AND user_id = 5 ORDER BY created_at LIMIT 3",
    "SELECT * FROM visits WHERE region = 3 AND user_id = 9",
    "SELECT user_id, total FROM visits WHERE created_at > '2024-05-10' AND user_id = 9",
    "SELECT user_id, total, created_at FROM visits WHERE user_id = 9 ORDER BY created_at",
    "SELECT * FROM keyed WHERE b = 7",
    "SELECT * FROM keyed WHERE a = 3 AND c = 5",
    "SELECT b, c FROM keyed WHERE c = 5",
    "SELECT * FROM visits x JOIN visits y ON y.user_id = x.id WHERE x.id < 20",
    "SELECT count(*) FROM visits WHERE user_id BETWEEN 10 AND 12",
    "UPDATE visits SET total = 0 WHERE user_id = 11",
  ].map((text) => ({ text, parameters: [] })),
];

// Their binaries are fetched on first use.
describe.runIf(isFullScale).each([14, 15, 16, 17] as const)(
  "the twin of a PostgreSQL %i",
  (major: PostgresMajor) => {
    let server: PostgresServer;
    let database: ThrowawayDatabase;
    let twin: Twin;
    let refusals = 0;
    const comparisons: Comparison[] = [];

    beforeAll(async () => {
      server = await startPostgres({ major });
      database = await createThrowawayDatabase(server.url());
      await createSchema(database);
      twin = await openTwin(await database.snapshot());
      for (const index of await twin.addIndexes(CANDIDATES)) {
        if ("refused" in index) throw new Error(index.refused);
        await database.client.query(index.ddl);
      }
      const real = new RealPlanner(database.client);
      await real.start();
      const names = twin.indexes().flatMap((index) => (index.canHide ? [index.id] : []));
      const draw = createDraw(SEED);
      for (let pair = 0; pair < PAIRS; pair += 1) {
        const statement = QUERIES[pair % QUERIES.length];
        // GENERIC_PLAN came with 16.
        if (statement === undefined || (major < 16 && statement.parameters === "generic")) continue;
        const visible = new Set(names.filter(() => draw.next() < 0.4));
        await real.show(names, visible);
        const planned = await twin.plan(statement, visible);
        refusals += planned.refusedIndexes.size;
        const label = `[${visible.size}/${names.length}] ${statement.text.slice(0, 90)}`;
        comparisons.push(comparePlans(label, await real.plan(statement), planned.plan));
      }
      printComparisons(`PostgreSQL ${major}, seed ${SEED}, ${refusals} refused:`, comparisons);
    }, 300_000);

    afterAll(async () => {
      await twin?.close();
      await database?.drop();
      await server?.stop();
    });

    it("never expects more of an index than that server does", () => {
      expect(comparisons.filter((comparison) => comparison.deviationRatio < -0.02)).toEqual([]);
    });

    it("prices at least 95 % of the pairs within 1 %", () => {
      const close = comparisons.filter((comparison) => Math.abs(comparison.deviationRatio) <= 0.01);
      expect(close.length / comparisons.length).toBeGreaterThanOrEqual(0.95);
    });

    it("meets statements that 18 would answer by a skip scan", () => {
      expect(refusals).toBeGreaterThan(0);
    });
  },
);

async function createSchema({ client }: ThrowawayDatabase): Promise<void> {
  await client.query(`
    SELECT setseed(0.3);
    CREATE TABLE visits (id int PRIMARY KEY, status text NOT NULL, user_id int NOT NULL, region int, created_at timestamptz NOT NULL, total numeric);
    INSERT INTO visits
      SELECT i, (ARRAY['a', 'b', 'c', 'd'])[1 + floor(random() * 4)::int], floor(random() * 20000)::int, floor(random() * 10)::int,
             timestamptz '2024-01-01' + i * interval '1 minute', random() * 100
        FROM generate_series(1, 200000) i;
    CREATE TABLE keyed (a int, b int, c int, v text, PRIMARY KEY (a, b, c));
    INSERT INTO keyed SELECT i / 1000, i / 20 % 50, i % 20, 'v' FROM generate_series(0, 99999) i`);
  await client.query("VACUUM ANALYZE");
}

function btree(
  table: string,
  columns: readonly string[],
  include: readonly string[] = [],
): IndexDefinition {
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
    include,
    predicate: null,
  };
}
