import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatHttpDate, parseHttpDate } from "./http-date.ts";

const NOW = Date.UTC(2026, 10, 22);

describe("HTTP dates", () => {
  it("the three examples of RFC 9110 5.6.7 are one time", () => {
    const time = Date.UTC(1994, 10, 6, 8, 49, 37);
    expect(parseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT", NOW)).toBe(time);
    expect(parseHttpDate("Sunday, 06-Nov-94 08:49:37 GMT", NOW)).toBe(time);
    expect(parseHttpDate("Sun Nov  6 08:49:37 1994", NOW)).toBe(time);
  });

  it("what is written reads back, in whole seconds", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (timeMs) => {
        expect(parseHttpDate(formatHttpDate(timeMs), NOW)).toBe(timeMs - (timeMs % 1_000));
      }),
    );
  });

  it.each([
    ["76", 2076],
    ["77", 1977],
    ["26", 2026],
    ["00", 2000],
  ])("two digits %s are %i in 2026: at most 50 years ahead", (digits, year) => {
    const time = parseHttpDate(`Monday, 01-Jan-${digits} 00:00:00 GMT`, NOW);
    expect(time).toBe(Date.UTC(year, 0, 1));
  });

  it.each([
    "",
    "Sun, 6 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:00 GMT",
    "Sun, 31 Apr 1994 08:00:00 GMT",
    "Sun, 00 Nov 1994 08:00:00 GMT",
    "784111777",
    "1994-11-06T08:49:37Z",
  ])("%j is not one", (text) => {
    expect(parseHttpDate(text, NOW)).toBeUndefined();
  });
});
