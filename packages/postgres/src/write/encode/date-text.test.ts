import { expect, test } from "vitest";
import { dateText } from "./date-text.ts";

test("an instant is written in UTC with milliseconds", () => {
  expect(dateText(new Date(Date.UTC(2024, 1, 29, 23, 59, 58, 7)), true)).toBe(
    "2024-02-29T23:59:58.007+00:00",
  );
});

test("years before the first and beyond four digits are PostgreSQL's", () => {
  expect(dateText(new Date(Date.UTC(0, 0, 1) - 1_900 * 31_556_952_000), true)).toMatch(
    / BC$|^0000|^0001/,
  );
  const firstBefore = new Date(0);
  firstBefore.setUTCFullYear(0, 0, 1);
  expect(dateText(firstBefore, true)).toBe("0001-01-01T00:00:00.000+00:00 BC");
  const large = new Date(0);
  large.setUTCFullYear(123_456, 11, 31);
  expect(dateText(large, true)).toBe("123456-12-31T00:00:00.000+00:00");
});

test("other dates are local time with its offset, which give the same instant", () => {
  const date = new Date(2024, 6, 1, 12, 30, 15, 42);
  const text = dateText(date, false);
  expect(text).toMatch(/^2024-07-01T12:30:15\.042[+-]\d\d:\d\d$/);
  expect(new Date(text).getTime()).toBe(date.getTime());
});

test("an invalid date is refused", () => {
  expect(() => dateText(new Date(Number.NaN), true)).toThrow(/invalid Date/);
});
