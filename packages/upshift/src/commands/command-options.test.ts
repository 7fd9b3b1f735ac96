import { expect, test } from "vitest";
import { parseSize } from "./command-options.ts";
import { nearest } from "./nearest.ts";

test.each([
  ["0", 0],
  ["512", 512],
  ["8kB", 8_192],
  ["500MB", 500 * 1_048_576],
  ["2GB", 2 * 1_073_741_824],
  ["1.5 GiB", 1_610_612_736],
  ["1t", 1_099_511_627_776],
])("%s are %i bytes", (text, sizeBytes) => {
  expect(parseSize(text, "--budget")).toBe(sizeBytes);
});

test.each(["", "GB", "-1GB", "1 gigabyte", "1e3", "0x10"])("%j is no size", (text) => {
  expect(() => parseSize(text, "--budget")).toThrow(/--budget/);
});

test("the nearest names come first, far ones not at all", () => {
  const names = ["index/missing", "index/unused", "plan/seq-scan"];
  expect(nearest("index/mising", names)).toEqual(["index/missing"]);
  expect(nearest("missing", names)).toEqual(["index/missing"]);
  expect(nearest("index", names)).toEqual(["index/missing", "index/unused"]);
  expect(nearest("zzz", names)).toEqual([]);
});
