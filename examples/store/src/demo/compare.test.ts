import { expect, test } from "vitest";
import { anonymous, compare } from "./compare.ts";

const timing = (name: string, text: string, p50Ms: number) => ({
  name,
  text,
  calls: 4,
  rows: 4,
  p50Ms,
  totalMs: 4 * p50Ms,
});

test("the doctor's claim stands beside what was measured, most time first", () => {
  const comparisons = compare({
    before: [
      timing("quick", "SELECT 1", 1),
      timing("slow", "SELECT * FROM t WHERE a = $1 LIMIT 5", 80),
    ],
    after: [
      timing("quick", "SELECT 1", 1),
      timing("slow", "SELECT * FROM t WHERE a = $1 LIMIT 5", 8),
    ],
    plansBefore: new Map([["slow", "seq scan t"]]),
    plansAfter: new Map([["slow", "index scan t"]]),
    report: {
      findings: [],
      workload: { costBefore: 1, costAfter: 1 },
      indexes: [
        // Two indexes serve it: 400 to 100 with the first alone, 400 to 20 with the second.
        {
          ddl: "",
          queries: [
            { query: "SELECT * FROM t WHERE a = $1 LIMIT $2", costBefore: 400, costAfter: 100 },
          ],
        },
        {
          ddl: "",
          queries: [
            { query: "SELECT * FROM t\n WHERE a = $1 LIMIT $2", costBefore: 400, costAfter: 20 },
          ],
        },
      ],
    },
  });
  expect(comparisons.map(({ name }) => name)).toEqual(["slow", "quick"]);
  expect(comparisons[0]).toMatchObject({
    beforeMs: 80,
    afterMs: 8,
    planBefore: "seq scan t",
    planAfter: "index scan t",
    claimedGainRatio: 0.95,
    measuredGainRatio: 0.9,
  });
  expect(comparisons[1]?.claimedGainRatio).toBeUndefined();
});

test("texts that differ by values, parameter numbers, spaces or a semicolon are one statement", () => {
  const written = "SELECT a\n  FROM t1 WHERE b = 'it''s' AND c < 12.5 AND d = $1;";
  expect(anonymous(written)).toBe(anonymous("select a from t1 where b = $2 and c < $3 and d = $1"));
  expect(anonymous("SELECT a FROM t1")).not.toBe(anonymous("SELECT a FROM t2"));
});
