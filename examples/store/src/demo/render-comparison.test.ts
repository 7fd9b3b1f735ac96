import { expect, test } from "vitest";
import { renderComparison } from "./render-comparison.ts";

const comparison = {
  name: "sign-in",
  calls: 8,
  beforeMs: 120,
  afterMs: 0.5,
  planBefore: "seq scan users",
  planAfter: "index scan users",
  claimedGainRatio: 0.99,
  measuredGainRatio: 0.9958,
};
const painted = (style: unknown, text: string): string => `<${String(style)}>${text}`;

test("a wide screen has everything about a query in one row", () => {
  const [, row] = renderComparison([comparison], { columns: 200, paint: (_, text) => text });
  expect(row?.split(/\s{2,}/)).toEqual([
    "sign-in",
    "8",
    "120.0 ms",
    "0.50 ms",
    "240x",
    "99.0 %",
    "99.6 %",
    "seq scan users",
    "index scan users",
  ]);
});

test("a narrow screen keeps its width: plans go below", () => {
  const lines = renderComparison([comparison], { columns: 80, paint: (_, text) => text });
  expect(lines).toHaveLength(3);
  expect(lines[2]).toBe("    seq scan users -> index scan users");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
});

test("what got slower is as visible as what got faster, and noise is neither", () => {
  const slower = { ...comparison, beforeMs: 10, afterMs: 20 };
  const noise = { ...comparison, beforeMs: 0.5, afterMs: 0.4 };
  const lines = renderComparison([comparison, slower, noise], { columns: 200, paint: painted });
  expect(lines.map((line) => /^<(\w+)>/.exec(line)?.[1])).toEqual(["bold", "green", "red", "dim"]);
});
