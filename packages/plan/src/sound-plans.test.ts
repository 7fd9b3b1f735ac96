import type { Finding } from "@upshift/findings";
import { describe, expect, test } from "vitest";
import { recorded } from "../test/recorded-plans.ts";
import { diagnosePlan } from "./diagnose-plan.ts";
import { parsePlan } from "./parse-plan.ts";

function findingsOf(text: string): readonly Finding[] {
  return diagnosePlan(parsePlan(text));
}

const wrap = (parent: string, ...children: readonly string[]): string =>
  [
    `${parent}  (cost=0.00..1000.00 rows=10 width=4) (actual time=0.010..50.000 rows=10 loops=1)`,
    ...children.map((child) => `  ->  ${child}`),
  ].join("\n");
const partitions = (count: number, removed: number): string =>
  [
    "Append  (cost=0.00..9000.00 rows=9 width=4) (actual time=0.010..90.000 rows=9 loops=1)",
    ...Array.from(
      { length: count },
      (
        _,
        at,
      ) => `  ->  Seq Scan on p${at} p_${at}  (cost=0.00..250.00 rows=1 width=4) (actual time=0.010..5.000 rows=1 loops=1)
        Filter: (v = 5)
        Rows Removed by Filter: ${removed}`,
    ),
  ].join("\n");
const bitmapText = (
  exact: number,
  lossy: number,
  rows: number,
): string => `Bitmap Heap Scan on t  (cost=1.00..2.00 rows=500 width=4) (actual time=0.100..9.000 rows=500 loops=1)
  Recheck Cond: (d > 5)
  Heap Blocks: exact=${exact} lossy=${lossy}
  ->  Bitmap Index Scan on t_d  (cost=0.00..1.00 rows=500 width=0) (actual time=0.100..0.100 rows=${rows} loops=1)
        Index Cond: (d > 5)`;
const bitmapEstimate = (
  indexRows: number,
): string => `Bitmap Heap Scan on orders  (cost=500.00..20000.00 rows=10 width=40)
  Recheck Cond: (status = 'open'::text)
  Filter: (tenant_id = 5)
  ->  Bitmap Index Scan on orders_status  (cost=0.00..500.00 rows=${indexRows} width=0)
        Index Cond: (status = 'open'::text)`;
const subPlanEstimate = (
  cost: number,
): string => `Seq Scan on users u  (cost=0.00..${cost}.00 rows=10000 width=40)
  SubPlan 1
    ->  Aggregate  (cost=390.00..390.01 rows=1 width=8)
          ->  Seq Scan on orders o  (cost=0.00..389.00 rows=10 width=0)
                Filter: (user_id = u.id)`;
const rules = (text: string): readonly string[] => findingsOf(text).map(({ rule }) => rule);

describe("sound plans and hidden ones", () => {
  test("small partitions of a large table are judged together: 15 x 9,000 rows", () => {
    expect(findingsOf(partitions(15, 8_999))).toMatchObject([
      { rule: "plan/seq-scan", severity: "error" },
    ]);
    expect(findingsOf(partitions(2, 9_999))).toMatchObject([{ severity: "warn" }]);
    expect(findingsOf(partitions(1, 9_999))).toEqual([]);
  });

  test("BRIN is lossy by its kind; a bitmap that outgrew work_mem is not", () => {
    expect(rules(bitmapText(0, 512, 5_120))).toEqual([]);
    expect(rules(bitmapText(100, 512, 5_120))).toEqual([]);
    expect(rules(bitmapText(0, 512, 5_121))).toEqual(["plan/lossy-bitmap"]);
    expect(rules(bitmapText(100, 512, 60_000))).toEqual(["plan/lossy-bitmap"]);
  });

  test("without ANALYZE a bitmap shows what its filter throws away", () => {
    expect(findingsOf(bitmapEstimate(1_010))).toMatchObject([
      { rule: "plan/rows-removed", confidence: "hint" },
    ]);
    expect(rules(bitmapEstimate(1_009))).toEqual([]);
  });

  test("without ANALYZE a subquery that scans a table per row is called, a hashed one is not", () => {
    expect(rules(subPlanEstimate(4_000_000))).toEqual(["plan/inner-loops"]);
    expect(rules(subPlanEstimate(700))).toEqual([]);
  });

  test("a filter that asks a subquery per row is the subquery's finding, not the scan's", () => {
    const text = `Seq Scan on u  (cost=0.00..1.00 rows=300 width=4) (actual time=0.010..90.000 rows=600 loops=1)
  Filter: (v = (SubPlan 1))
  Rows Removed by Filter: 59400
  SubPlan 1
    ->  Index Scan using t_pkey on t  (cost=0.00..1.00 rows=1 width=4) (actual time=0.001..0.001 rows=1 loops=60000)
          Index Cond: (id = u.t_id)`;
    expect(rules(text)).toEqual(["plan/inner-loops"]);
    expect(rules(text.replace("(v = (SubPlan 1))", "(v = 5)"))).toContain("plan/seq-scan");
  });

  test("a constant guess of a recursive query is no misestimate, and a last UNION's misleads nobody", () => {
    expect(findingsOf(recorded("recursive"))).toEqual([]);
    const recursive = `CTE Scan on r  (cost=1.00..2.00 rows=301 width=4) (actual time=0.010..50.000 rows=30000 loops=1)
  CTE r
    ->  Recursive Union  (cost=0.00..1.00 rows=301 width=4) (actual time=0.010..40.000 rows=30000 loops=1)
          ->  Result  (cost=0.00..1.00 rows=1 width=4) (actual time=0.010..0.010 rows=1 loops=1)
          ->  Nested Loop  (cost=0.00..1.00 rows=30 width=4) (actual time=0.010..4.000 rows=3000 loops=10)
                ->  WorkTable Scan on r r_1  (cost=0.00..1.00 rows=10 width=4) (actual time=0.010..1.000 rows=3000 loops=10)`;
    expect(rules(recursive)).not.toContain("plan/misestimate");
    const unique =
      "Unique  (cost=0.00..9.00 rows=360000 width=4) (actual time=0.010..90.000 rows=1000 loops=1)";
    const [last] = findingsOf(unique);
    expect(last).toMatchObject({ rule: "plan/misestimate", severity: "info" });
    const [joined] = findingsOf(wrap("Hash Join", unique));
    expect(joined).toMatchObject({ rule: "plan/misestimate", severity: "warn" });
  });
});
