import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { catalogue, rulePage, ruleOf, thresholdOf } from "./catalogue.ts";
import type { RuleId } from "./rule.ts";

const docs = new URL("../../../../docs/", import.meta.url);
const guide = readFileSync(new URL("guide.md", docs), "utf8");
const rowsOfGuide = new Map(
  [...guide.matchAll(/^\| (\d+) \| .*$/gm)].map(([line, number]) => [Number(number), line]),
);

describe("the catalogue", () => {
  test("has one entry per id", () => {
    const ids = catalogue.map((rule) => rule.id);
    expect(ids.filter((id, position) => ids.indexOf(id) !== position)).toEqual([]);
  });

  test.each(catalogue)("$id is ready only for detectors that it declares", (rule) => {
    expect(rule.detectors).toEqual(expect.arrayContaining([...rule.ready]));
    expect(rule.detectors).not.toEqual([]);
  });

  test("an unknown id or threshold is refused by name", () => {
    expect(() => ruleOf("index/nonsense" as RuleId)).toThrow(/index\/nonsense/);
    expect(() => thresholdOf("index/missing", "nonsense")).toThrow(/index\/missing.*nonsense/);
  });
});

describe("the pages of the rules", () => {
  test.each(catalogue.filter((rule) => rule.ready.length > 0))("$id has a page", ({ id }) => {
    expect(existsSync(new URL(rulePage(id), docs)), `docs/${rulePage(id)}`).toBe(true);
    const page = readFileSync(new URL(rulePage(id), docs), "utf8");
    expect(page.split("\n")[0]).toContain(id);
  });

  test("each belongs to a rule that exists", () => {
    const expected = new Set(catalogue.map((rule) => rulePage(rule.id)));
    const pages = readdirSync(new URL("rules/", docs)).filter((name) => name !== "README.md");
    expect(pages.filter((name) => !expected.has(`rules/${name}`))).toEqual([]);
  });
});

describe("docs/guide.md", () => {
  test("has the 35 rows, each with rules, a part and a proof", () => {
    expect([...rowsOfGuide.keys()]).toEqual(Array.from({ length: 35 }, (_, index) => index + 1));
    for (const line of rowsOfGuide.values()) {
      const cells = line.split(" | ").map((cell) => cell.replace(/^\||\|$/g, "").trim());
      expect(cells, line).toHaveLength(5);
      expect(cells.filter((cell) => cell === "")).toEqual([]);
    }
  });

  test.each(catalogue)("names $id in its rows, linked when it is ready", (rule) => {
    for (const row of rule.guideRows) {
      // Row 5 speaks of all plan rules at once.
      if (row === 5) continue;
      const link = `[\`${rule.id}\`](${rulePage(rule.id)})`;
      const line = rowsOfGuide.get(row) ?? "";
      expect(line).toContain(rule.ready.length > 0 ? link : `\`${rule.id}\``);
      expect(line.includes(link)).toBe(rule.ready.length > 0);
    }
  });

  test("names what the guide does not have in a list of its own", () => {
    for (const rule of catalogue.filter(({ guideRows }) => guideRows.length === 0)) {
      const name =
        rule.ready.length > 0 ? `[\`${rule.id}\`](${rulePage(rule.id)})` : `\`${rule.id}\``;
      expect(guide).toContain(`- ${name} (`);
    }
  });

  test("names no rule that the catalogue lacks, and none in a row that is not its own", () => {
    for (const [row, line] of rowsOfGuide) {
      const named = [...line.matchAll(/`([a-z]+\/[a-z0-9-]+)`/g)].map(([, id]) => id as RuleId);
      for (const id of named) expect(ruleOf(id).guideRows, `${id} in row ${row}`).toContain(row);
    }
  });
});
