import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { generatedPlans } from "../test/generated-plans.ts";
import { recorded, recordedNames } from "../test/recorded-plans.ts";
import { analyzePlan } from "./analyze-plan.ts";
import type { PlanAnalysis } from "./analyze/plan-analysis.ts";
import { parsePlan } from "./parse-plan.ts";

function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}

function selfTimes(text: string): readonly (number | null)[] {
  return analyzePlan(parsePlan(text)).nodes.map(({ selfMs }) =>
    selfMs === null ? null : Math.round(selfMs * 1000) / 1000,
  );
}

/** What the sums leave over, of times and of costs; 0 when they hold. A negative share counts as well. */
function unexplained(analysis: PlanAnalysis): number {
  const { nodes, rootMs, outsideMs, rootCost } = analysis;
  const ms = sum(nodes.map(({ selfMs }) => selfMs)) - (rootMs ?? 0) - outsideMs;
  const cost = rootCost === null ? 0 : sum(nodes.map(({ selfCost }) => selfCost)) - rootCost;
  const negative = nodes.filter(({ selfMs, selfCost }) => (selfMs ?? 0) < 0 || (selfCost ?? 0) < 0);
  return Math.max(Math.abs(ms), Math.abs(cost)) + negative.length;
}

function factorOf(planned: number, came: number): unknown {
  const [node] = analyzePlan(
    parsePlan(
      `Seq Scan on a  (cost=0.00..1.00 rows=${planned} width=4) (actual time=0.010..1.000 rows=${came} loops=7)`,
    ),
  ).nodes;
  return [node?.estimateFactor, node?.estimateError];
}

describe("sums", () => {
  test.each(recordedNames)("self times and self costs of %s sum to the root", (name) => {
    expect(unexplained(analyzePlan(parsePlan(recorded(name, "txt"))))).toBeCloseTo(0, 3);
    expect(unexplained(analyzePlan(parsePlan(recorded(name, "json"))))).toBeCloseTo(0, 3);
  });

  test("they do for plans that no planner would make", () => {
    const holds = fc.property(generatedPlans, (text) => {
      const analysis = analyzePlan(parsePlan(text));
      const whole = (analysis.rootMs ?? 0) + analysis.outsideMs + (analysis.rootCost ?? 0);
      return unexplained(analysis) <= 1e-9 * Math.max(1, whole);
    });
    expect(fc.check(holds, { seed: 20_261_122, numRuns: 300 }).counterexample).toBeNull();
  });

  test("pages of the nodes sum to the pages of the root", () => {
    for (const name of [
      "hash-join",
      "bitmap-or",
      "init-plan",
      "sub-plan",
      "sort-disk",
      "memoize",
    ]) {
      const plan = parsePlan(recorded(name));
      const own = analyzePlan(plan).nodes.map(({ selfBuffers }) => selfBuffers?.sharedHit ?? 0);
      expect([name, sum(own)]).toEqual([name, plan.root.buffers?.sharedHit]);
    }
  });
});

describe("whose time it is", () => {
  test("times are per loop: an inner side of 100 loops took 100 times its time", () => {
    const times =
      selfTimes(`Nested Loop  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..30.000 rows=100 loops=1)
  ->  Seq Scan on a  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..5.000 rows=100 loops=1)
  ->  Index Scan using b_pkey on b  (cost=0.00..1.00 rows=1 width=4) (actual time=0.100..0.200 rows=1 loops=100)`);
    expect(times).toEqual([5, 5, 20]);
  });

  test("what never ran took no time, and TIMING OFF leaves time unknown", () => {
    const never =
      selfTimes(`Nested Loop  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..3.000 rows=0 loops=1)
  ->  Seq Scan on a  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..2.000 rows=0 loops=1)
  ->  Index Scan using b_pkey on b  (cost=0.00..1.00 rows=1 width=4) (never executed)`);
    expect(never).toEqual([1, 2, 0]);
    expect(
      selfTimes("Seq Scan on a  (cost=0.00..1.00 rows=1 width=4) (actual rows=1 loops=1)"),
    ).toEqual([null]);
  });

  test("an InitPlan that workers read is run by the Gather before it starts them: 100 - 48 - 40 = 12", () => {
    const times =
      selfTimes(`Aggregate  (cost=0.00..1.00 rows=1 width=4) (actual time=100.000..101.000 rows=1 loops=1)
  InitPlan 1
    ->  Seq Scan on b  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..40.000 rows=1 loops=1)
  ->  Gather  (cost=0.00..1.00 rows=1 width=4) (actual time=41.000..100.000 rows=300 loops=1)
        Workers Planned: 2
        Workers Launched: 2
        ->  Parallel Seq Scan on a  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..48.000 rows=100 loops=3)
              Filter: (n > (InitPlan 1).col1)`);
    expect(times).toEqual([1, 40, 12, 48]);
  });

  test("below a Gather the work is divided by the processes that took part", () => {
    const analysis = analyzePlan(
      parsePlan(`Gather  (cost=0.00..1.00 rows=1 width=4) (actual time=1.000..50.000 rows=300 loops=1)
  Workers Planned: 4
  Workers Launched: 2
  ->  Parallel Seq Scan on a  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..40.000 rows=100 loops=3)`),
    );
    expect(analysis.nodes.map(({ selfMs }) => selfMs)).toEqual([10, 40]);
    expect(analysis.nodes[1]).toMatchObject({
      participants: 3,
      isEstimatedMs: true,
      totalRows: 300,
    });
  });

  test("with VERBOSE the longest process counts: leader 3 x 40 - 30 - 35 = 55, workers 30 and 35", () => {
    const analysis = analyzePlan(
      parsePlan(`Gather  (cost=0.00..1.00 rows=1 width=4) (actual time=1.000..60.000 rows=300 loops=1)
  Workers Planned: 2
  Workers Launched: 2
  ->  Parallel Seq Scan on public.a  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..40.000 rows=100 loops=3)
        Worker 0:  actual time=0.010..30.000 rows=90 loops=1
        Worker 1:  actual time=0.010..35.000 rows=95 loops=1`),
    );
    expect(analysis.nodes.map(({ selfMs }) => selfMs)).toEqual([5, 55]);
    expect(analysis.nodes[1]?.isEstimatedMs).toBe(false);
  });

  test("with the times of some workers only, the work is divided as without any", () => {
    const times =
      selfTimes(`Gather  (cost=0.00..1.00 rows=1 width=4) (actual time=1.000..60.000 rows=300 loops=1)
  Workers Planned: 3
  Workers Launched: 3
  ->  Parallel Seq Scan on public.a  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..40.000 rows=100 loops=4)
        Worker 0:  actual time=0.010..30.000 rows=90 loops=1`);
    expect(times).toEqual([20, 40]);
  });

  test("a node that one process ran is not divided: the bitmap below a parallel heap scan", () => {
    const times =
      selfTimes(`Gather  (cost=0.00..1.00 rows=1 width=4) (actual time=1.000..50.000 rows=300 loops=1)
  Workers Planned: 2
  Workers Launched: 2
  ->  Parallel Bitmap Heap Scan on a  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..40.000 rows=100 loops=3)
        Recheck Cond: (x = 1)
        ->  Bitmap Index Scan on a_x  (cost=0.00..1.00 rows=1 width=0) (actual time=9.000..9.000 rows=300 loops=1)
              Index Cond: (x = 1)`);
    expect(times).toEqual([10, 31, 9]);
  });

  test.each([
    ["(returns $0)", "$0"],
    ["", "(InitPlan 1).col1"],
  ])(
    "an InitPlan%s is part of the node that reads it, not of where it is printed",
    (returns, parameter) => {
      const name = `InitPlan 1 ${returns}`.trim();
      const times =
        selfTimes(`Limit  (cost=0.00..1.00 rows=1 width=4) (actual time=9.000..20.000 rows=1 loops=1)
  ${name}
    ->  Aggregate  (cost=0.00..1.00 rows=1 width=4) (actual time=8.000..8.000 rows=1 loops=1)
  ->  Sort  (cost=0.00..1.00 rows=1 width=4) (actual time=9.000..19.000 rows=1 loops=1)
        Sort Key: a.x
        ->  Index Scan using a_x on a  (cost=0.00..1.00 rows=1 width=4) (actual time=8.500..15.000 rows=1 loops=1)
              Index Cond: (x = ${parameter})`);
      expect(times).toEqual([1, 8, 4, 7]);
    },
  );

  test("a CTE is part of the scans that pull it, the one that waited for it first", () => {
    const times =
      selfTimes(`Hash Join  (cost=0.00..1.00 rows=1 width=4) (actual time=100.000..130.000 rows=1 loops=1)
  Hash Cond: (a.x = b.x)
  CTE big
    ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..95.000 rows=1000 loops=1)
  ->  CTE Scan on big a  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..6.000 rows=1000 loops=1)
  ->  Hash  (cost=0.00..1.00 rows=1 width=4) (actual time=105.000..105.000 rows=1000 loops=1)
        ->  CTE Scan on big b  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..100.000 rows=1000 loops=1)`);
    // Join 130 - 6 - 105; the CTE's own 95 leave the second scan 5; the first read what was there.
    expect(times).toEqual([19, 95, 6, 5, 5]);
  });

  test("a data-modifying CTE that nothing pulls ran after the root, and its time is told", () => {
    const analysis = analyzePlan(
      parsePlan(`Result  (cost=0.00..1.00 rows=1 width=4) (actual time=0.002..0.002 rows=1 loops=1)
  CTE gone
    ->  Delete on t  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..80.000 rows=0 loops=1)
          ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..30.000 rows=1000 loops=1)`),
    );
    expect(analysis.nodes.map(({ selfMs }) => selfMs)).toEqual([0.002, 50, 30]);
    expect(analysis.outsideMs).toBe(80);
  });

  test("claims beyond what a parent had are cut, and the residue is told", () => {
    const analysis = analyzePlan(
      parsePlan(`Nested Loop  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..10.000 rows=100 loops=1)
  ->  Seq Scan on a  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..4.000 rows=100 loops=1)
  ->  Index Scan using b_pkey on b  (cost=0.00..1.00 rows=1 width=4) (actual time=0.001..0.001 rows=1 loops=8000)`),
    );
    expect(analysis.nodes[0]?.selfMs).toBe(0);
    expect(analysis.residueMs).toBeCloseTo(2, 6);
  });
});

describe("estimates", () => {
  test("the factor compares rows per loop, at least 1, and says which way", () => {
    expect(factorOf(10, 5_000)).toEqual([500, "under"]);
    expect(factorOf(5_000, 0)).toEqual([5_000, "over"]);
    expect(factorOf(1, 0)).toEqual([1, null]);
  });

  test("without ANALYZE a nested loop's inner side costs its price once per outer row", () => {
    const { nodes } = analyzePlan(
      parsePlan(`Nested Loop  (cost=0.00..1010.00 rows=100 width=4)
  ->  Seq Scan on a  (cost=0.00..10.00 rows=100 width=4)
  ->  Index Scan using b_pkey on b  (cost=0.00..8.00 rows=1 width=4)`),
    );
    expect(nodes.map(({ selfCost }) => selfCost)).toEqual([200, 10, 800]);
  });
});
