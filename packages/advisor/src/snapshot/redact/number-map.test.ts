import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createNumberMap, type NumberMap } from "./number-map.ts";

/** Any key must do: the properties may not rest on a lucky one. */
const keyed = fc
  .array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 60, maxLength: 60 })
  .map((ratios): NumberMap => {
    let next = 0;
    return createNumberMap(() => ratios[next++ % ratios.length] ?? 0);
  });

test("order stays, whatever the key, for integers of any size and sign", () => {
  const whole = fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n });
  fc.assert(
    fc.property(keyed, whole, whole, (map, left, right) => {
      const [low, high] = left < right ? [left, right] : [right, left];
      expect(BigInt(map.decimal(`${low}`)) <= BigInt(map.decimal(`${high}`))).toBe(true);
    }),
    { seed: 3, numRuns: 500 },
  );
});

test("neighbours below ten thousand stay distinct", () => {
  fc.assert(
    fc.property(keyed, fc.integer({ min: 0, max: 9_999 }), (map, whole) => {
      expect(map.decimal(`${whole}`)).not.toBe(map.decimal(`${whole + 1}`));
    }),
    { seed: 4, numRuns: 300 },
  );
});

test("codes below ten stay, larger numbers do not, and the sign does", () => {
  const map = createNumberMap(() => 0.5);
  for (let code = -9; code < 10; code += 1) expect(map.decimal(`${code}`)).toBe(`${code}`);
  // Halfway between the knots 10 -> 10 and 100 -> 150: 10 + 45 * 140 / 90.
  expect(map.decimal("55")).toBe("80");
  expect(map.decimal("-55")).toBe("-80");
  expect(map.decimal("1000")).toBe("1500");
});

test("the limits of the integer types stay within them", () => {
  fc.assert(
    fc.property(keyed, fc.integer({ min: 1, max: 200 }), (map, below) => {
      for (const limit of [32_767n, 2_147_483_647n, 9_223_372_036_854_775_807n]) {
        expect(map.decimal(`${limit}`)).toBe(`${limit}`);
        expect(BigInt(map.decimal(`${limit - BigInt(below)}`)) <= limit).toBe(true);
      }
    }),
    { seed: 5, numRuns: 100 },
  );
});

test("decimals keep their number of places and their order", () => {
  const cents = fc.integer({ min: 0, max: 10_000_000 });
  fc.assert(
    fc.property(keyed, cents, cents, (map, left, right) => {
      const [low, high] = [Math.min(left, right), Math.max(left, right)];
      expect(map.decimal(asDecimal(low))).toMatch(/^\d+\.\d{2}$/);
      expect(Number(map.decimal(asDecimal(low)))).toBeLessThanOrEqual(
        Number(map.decimal(asDecimal(high))),
      );
    }),
    { seed: 6, numRuns: 300 },
  );
});

function asDecimal(cents: number): string {
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
}
