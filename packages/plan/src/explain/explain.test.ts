import { describe, expect, test } from "vitest";
import { recorded, recordedNames } from "../../test/recorded-plans.ts";
import { analyzePlan } from "../analyze-plan.ts";
import { diagnosePlan } from "../diagnose-plan.ts";
import { parsePlan } from "../parse-plan.ts";
import { explainJson } from "./explain-json.ts";
import { plainStyle } from "./plan-tree-style.ts";
import { renderPlanTree } from "./render-plan-tree.ts";

function tree(name: string, width = 100): string {
  const plan = parsePlan(recorded(name));
  return renderPlanTree(plan, analyzePlan(plan), { width });
}

describe("explainJson", () => {
  test("has the fields of the format, unknown ones null", () => {
    const plan = parsePlan(recorded("seq-scan-estimate"));
    const json = explainJson(plan, analyzePlan(plan), diagnosePlan(plan));
    expect(json).toMatchObject({ schemaVersion: 1, format: "text", executionMs: null });
    expect(json.nodes).toMatchObject([
      {
        id: 0,
        parent: null,
        type: "Seq Scan",
        relation: "orders",
        index: null,
        selfMs: null,
        rows: null,
        loops: null,
      },
    ]);
    expect(json.findings.map(({ rule }) => rule)).toEqual(["plan/seq-scan"]);
  });

  test("has exactly the documented keys", () => {
    const plan = parsePlan(recorded("parallel-hash-join"));
    const json = explainJson(plan, analyzePlan(plan), []);
    expect(Object.keys(json).join(" ")).toBe(
      "schemaVersion format executionMs planningMs nodes findings",
    );
    expect(new Set(json.nodes.map((node) => Object.keys(node).join(" ")))).toEqual(
      new Set(["id parent type relation index selfMs rows planRows loops"]),
    );
  });

  test("is JSON as it stands: what is written is read back the same", () => {
    for (const name of recordedNames) {
      const plan = parsePlan(recorded(name));
      const json = explainJson(plan, analyzePlan(plan), diagnosePlan(plan));
      expect(JSON.parse(JSON.stringify(json))).toEqual(json);
    }
  });
});

describe("renderPlanTree", () => {
  test("shows each node once, children below their parents", () => {
    const lines = tree("init-plan").split("\n");
    expect(lines[0]).toMatch(/self +share +rows +planned +node$/);
    expect(lines[1]).toMatch(/Index Scan using users_pkey on users$/);
    expect(tree("init-plan")).toMatch(/└─ InitPlan 1: Aggregate\n.*└─ Seq Scan on orders/);
    expect(tree("init-plan")).toContain("! 196,400 rows removed");
  });

  test("no line is wider than the terminal, whatever the plan", () => {
    for (const width of [40, 80]) {
      const tooWide = recordedNames.filter((name) =>
        tree(name, width)
          .split("\n")
          .some((line) => line.length > width),
      );
      expect(tooWide).toEqual([]);
    }
  });

  test("hides values when told to, and colours through the style alone", () => {
    const plan = parsePlan(recorded("seq-scan"));
    const analysis = analyzePlan(plan);
    expect(renderPlanTree(plan, analysis)).toContain("user_id = 123");
    expect(renderPlanTree(plan, analysis, { withValues: false })).toContain("user_id = $1");
    const style = { ...plainStyle, hot: (text: string): string => `<${text}>` };
    expect(renderPlanTree(plan, analysis, { style })).toMatch(/<.*Seq Scan on orders>/);
  });
});
