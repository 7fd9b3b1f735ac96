import { expect, test } from "vitest";
import { toMs } from "./duration.ts";

test("text and numbers give milliseconds", () => {
  expect(toMs("250ms", "timeout")).toBe(250);
  expect(toMs("1.5s", "timeout")).toBe(1_500);
  expect(toMs(" 10 m ", "timeout")).toBe(600_000);
  expect(toMs("2h", "timeout")).toBe(7_200_000);
  expect(toMs("7d", "timeout")).toBe(604_800_000);
  expect(toMs(0, "timeout")).toBe(0);
});

test.each(["", "10", "ten seconds", "-1s", "1 week", Number.NaN, -1, Number.POSITIVE_INFINITY])(
  "%j is refused with the option's name",
  (duration) => {
    expect(() => toMs(duration, "ttl")).toThrow(/`ttl`/);
  },
);
