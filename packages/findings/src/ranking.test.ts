import { expect, test } from "vitest";
import type { Finding } from "./finding.ts";
import { isAtLeast, rankFindings } from "./ranking.ts";

function finding(key: string, overrides: Partial<Finding> = {}): Finding {
  return {
    rule: "index/missing",
    key,
    severity: "warn",
    confidence: "likely",
    title: key,
    where: {},
    evidence: [],
    cost: {},
    saving: { basis: "planner" },
    fix: { title: "fix" },
    ...overrides,
  };
}

test("severity decides before confidence, confidence before saving", () => {
  const small = finding("small", { severity: "error", confidence: "hint" });
  const proven = finding("proven", { confidence: "proven", saving: { basis: "measured", ms: 1 } });
  const large = finding("large", { saving: { basis: "projected", ms: 1_000_000 } });
  const info = finding("info", { severity: "info", confidence: "proven" });
  expect(rankFindings([info, large, proven, small]).map(({ key }) => key)).toEqual([
    "small",
    "proven",
    "large",
    "info",
  ]);
});

test("measured time decides before plan cost, and order does not hang on the input's", () => {
  const costly = finding("costly", { saving: { basis: "planner", planCost: 1_000_000 } });
  const slow = finding("slow", { saving: { basis: "measured", ms: 2 } });
  const tie = finding("a-tie", { saving: { basis: "measured", ms: 2 } });
  const expected = ["a-tie", "slow", "costly"];
  for (const order of [
    [costly, slow, tie],
    [tie, slow, costly],
    [slow, costly, tie],
  ]) {
    expect(rankFindings(order).map(({ key }) => key)).toEqual(expected);
  }
});

test("a threshold takes in everything from it up", () => {
  expect(isAtLeast("error", "warn")).toBe(true);
  expect(isAtLeast("warn", "warn")).toBe(true);
  expect(isAtLeast("info", "warn")).toBe(false);
  expect(isAtLeast("warn", "error")).toBe(false);
});
