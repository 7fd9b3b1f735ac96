import { expect, test } from "vitest";
import { plannerIndexRows, plannerTableRows } from "./planner-rows.ts";

test("a table that doubled since its analyze is taken to have twice the rows", () => {
  expect(plannerTableRows({ analyzedPages: 100, analyzedRows: 5_000, currentPages: 200 })).toBe(
    10_000,
  );
});

test("a table that was never analysed, or only while it was empty, has no row count", () => {
  expect(plannerTableRows({ analyzedPages: 0, analyzedRows: -1, currentPages: 200 })).toBe(-1);
  expect(plannerTableRows({ analyzedPages: 0, analyzedRows: 0, currentPages: 200 })).toBe(-1);
  expect(plannerTableRows({ analyzedPages: 0, analyzedRows: 0, currentPages: 0 })).toBe(0);
});

test("an index's metapage holds no entries", () => {
  expect(plannerIndexRows({ analyzedPages: 11, analyzedRows: 1_000, currentPages: 21 })).toBe(
    2_000,
  );
  expect(plannerIndexRows({ analyzedPages: 1, analyzedRows: 0, currentPages: 1 })).toBe(0);
});
