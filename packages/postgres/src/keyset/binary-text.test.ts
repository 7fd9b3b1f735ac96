import * as fc from "fast-check";
import { expect, test } from "vitest";
import { floatText, intervalText } from "./binary-text.ts";

test("the text of a double names its bits", () => {
  fc.assert(
    fc.property(fc.double(), (value) => {
      const bits = Buffer.alloc(8);
      bits.writeDoubleBE(value);
      expect(Object.is(Number(floatText(bits.toString("hex"))), value)).toBe(true);
    }),
    { seed: 5 },
  );
});

test("the text of a float4 is nearer to it than to any other float4", () => {
  fc.assert(
    fc.property(fc.float(), (value) => {
      const bits = Buffer.alloc(4);
      bits.writeFloatBE(value);
      expect(Object.is(Math.fround(Number(floatText(bits.toString("hex")))), value)).toBe(true);
    }),
    { seed: 6 },
  );
});

test.each([
  ["7ff8000000000000", "NaN"],
  ["8000000000000000", "-0"],
  ["fff0000000000000", "-Infinity"],
  ["3fb999999999999a", "0.1"],
])("%s is %s", (hex, text) => {
  expect(floatText(hex)).toBe(text);
});

// Microseconds, days, months; written out by hand.
test.each([
  ["00000000000000000000000000000000", "+0 mons +0 days +0:00:00.000000"],
  ["ffffffffffffffff00000002ffffffff", "-1 mons +2 days -0:00:00.000001"],
  ["00000000d693a400fffffffd0000000e", "+14 mons -3 days +1:00:00.000000"],
  ["7ffffffffffffffffffffffd0000000e", "+14 mons -3 days +2562047788:00:54.775807"],
  ["80000000000000000000000000000000", "+0 mons +0 days -2562047788:00:54.775808"],
  ["7fffffffffffffff7fffffff7fffffff", "infinity"],
  ["80000000000000008000000080000000", "-infinity"],
])("%s is %s", (hex, text) => {
  expect(intervalText(hex)).toBe(text);
});
