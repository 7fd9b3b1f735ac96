import { expect, test } from "vitest";
import { findingsToJson } from "./json.ts";

test("what is not known is null, never absent, and findings are ranked", () => {
  const bare = {
    rule: "index/missing",
    key: "1",
    severity: "info",
    confidence: "hint",
    title: "A guess",
    where: {},
    evidence: [],
    cost: { planCost: Number.POSITIVE_INFINITY },
    saving: { basis: "projected" },
    fix: { title: "Look" },
  } as const;
  const unknown = { roundTrips: null, ms: null, bytes: null, planCost: null };
  const report = findingsToJson([bare, { ...bare, key: "2", severity: "error" }]);
  expect(report.schemaVersion).toBe(1);
  expect(report.findings.map(({ key }) => key)).toEqual(["2", "1"]);
  expect(JSON.parse(JSON.stringify(report)).findings[1]).toEqual({
    rule: "index/missing",
    key: "1",
    severity: "info",
    confidence: "hint",
    title: "A guess",
    where: { file: null, route: null, table: null, query: null },
    evidence: [],
    probe: null,
    cost: unknown,
    saving: { ...unknown, basis: "projected" },
    fix: { title: "Look", sql: null, diff: null, part: null, caution: null, undo: null },
    verified: null,
  });
});
