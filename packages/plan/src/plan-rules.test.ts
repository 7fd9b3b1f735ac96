import { readdirSync, readFileSync } from "node:fs";
import { ruleOf } from "@upshift/findings";
import { describe, expect, test } from "vitest";
import { planRules } from "./plan-rules.ts";

const pageOf = (id: string): string =>
  readFileSync(new URL(`../../../docs/rules/${id.replace("/", "-")}.md`, import.meta.url), "utf8");

describe("rules about plans", () => {
  test("each file in rules/ is one rule of the list", () => {
    const files = readdirSync(new URL("rules/", import.meta.url));
    expect(files.filter((file) => !file.endsWith(".ts"))).toEqual([]);
    expect(files).toHaveLength(planRules.length);
    expect(new Set(planRules.map(({ id }) => id)).size).toBe(planRules.length);
  });

  test.each(planRules.map(({ id }) => id))(
    "the page of %s names the catalogue's thresholds",
    (id) => {
      const rows = [...pageOf(id).matchAll(/^\| `(\w+)` \| ([\d.,]+) \|/gm)].map(
        ([, name, value]) => [name, Number(value?.replaceAll(",", ""))],
      );
      expect(Object.fromEntries(rows)).toEqual(ruleOf(id).thresholds);
    },
  );
});
