import { testServerUrl } from "@upshift/services";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PlannerIndex } from "../../src/planner/planner.ts";
import { openTwin } from "../../src/twin/open-twin.ts";
import type { Twin } from "../../src/twin/twin.ts";
import { type Comparison, comparePlans, printComparisons } from "./twin/compare-plans.ts";
import { createDraw } from "./twin/draw.ts";
import { FIDELITY_CANDIDATES } from "./twin/fidelity-candidates.ts";
import { FIDELITY_QUERIES } from "./twin/fidelity-queries.ts";
import { createFidelitySchema, FIDELITY_SETTINGS } from "./twin/fidelity-schema.ts";
import { RealPlanner } from "./twin/real-planner.ts";
import { createThrowawayDatabase, type ThrowawayDatabase } from "./twin/throwaway-database.ts";

const PAIRS = 200;
const SEED = 20_261_122;

describe("the twin beside a real server", () => {
  let database: ThrowawayDatabase;
  let twin: Twin;
  let candidates: readonly PlannerIndex[];
  const comparisons: Comparison[] = [];

  beforeAll(async () => {
    database = await createThrowawayDatabase(await testServerUrl(), {
      locale: "LOCALE_PROVIDER icu ICU_LOCALE 'en-US'",
      settings: FIDELITY_SETTINGS,
    });
    await createFidelitySchema(database.client);
    twin = await openTwin(await database.snapshot());
    const added = await twin.addIndexes(FIDELITY_CANDIDATES);
    candidates = added.filter((index) => "id" in index);
    for (const index of candidates) await database.client.query(index.ddl);
    await drawPairs();
    printComparisons(`${PAIRS} pairs of query and index set, seed ${SEED}:`, comparisons);
  }, 600_000);

  afterAll(async () => {
    await twin?.close();
    await database?.drop();
  });

  /** Every query once under no and under every candidate, then both drawn. */
  async function drawPairs(): Promise<void> {
    const real = new RealPlanner(database.client);
    await real.start();
    const all = [...twin.indexes()].filter((index) => index.canHide);
    const names = all.map((index) => index.id);
    const draw = createDraw(SEED);
    for (let pair = 0; pair < PAIRS; pair += 1) {
      const round = Math.floor(pair / FIDELITY_QUERIES.length);
      const statement =
        round < 2 ? FIDELITY_QUERIES[pair % FIDELITY_QUERIES.length] : draw.pick(FIDELITY_QUERIES);
      if (statement === undefined) continue;
      const share = round === 0 ? 1 : round === 1 ? 0 : draw.next();
      const visible = new Set(names.filter(() => draw.next() < share));
      await real.show(names, visible);
      const planned = await twin.plan(statement, visible);
      const label = `[${visible.size}/${names.length}] ${statement.text.slice(0, 90)}`;
      comparisons.push(comparePlans(label, await real.plan(statement), planned.plan));
    }
  }

  it("takes the whole schema over", () => {
    expect(twin.limitations).toEqual([]);
  });

  it("makes every candidate", () => {
    expect(candidates).toHaveLength(FIDELITY_CANDIDATES.length);
  });

  it("prices at least 95 % of the pairs within 1 %", () => {
    const close = comparisons.filter((comparison) => Math.abs(comparison.deviationRatio) <= 0.01);
    expect(close.length / comparisons.length).toBeGreaterThanOrEqual(0.95);
  });

  it("chooses the same plan but for ties and the differences of a 32-bit build", () => {
    const others = comparisons.filter(
      (comparison) =>
        !comparison.isSameShape &&
        comparison.declared === null &&
        Math.abs(comparison.deviationRatio) > 0.001,
    );
    expect(others).toEqual([]);
  });

  it("meets every kind of plan that must be right", () => {
    const shapes = comparisons.map((comparison) => comparison.realShape).join("\n");
    for (const kind of [
      "Index Only Scan",
      "Nested Loop",
      "Memoize",
      "Gather",
      "Limit",
      "Bitmap Heap Scan",
      "Hash Join",
      "orders_created_at_partial_idx",
      "customers_email_idx1",
    ]) {
      expect(shapes).toContain(kind);
    }
  });
});
