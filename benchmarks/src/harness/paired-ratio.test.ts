import * as fc from "fast-check";
import { expect, test } from "vitest";
import { median } from "./median.ts";
import { medianInterval, pairedRatio } from "./paired-ratio.ts";

test.each([
  // Binomial tables: 1 - 2 P(Bin(n, 1/2) <= k - 1).
  [6, 1, 1 - 2 * (1 / 64)],
  [10, 2, 1 - (2 * (1 + 10)) / 1024],
  [20, 6, 1 - (2 * (1 + 20 + 190 + 1140 + 4845 + 15_504)) / 1_048_576],
])("of %i values the median lies between rank %i from both ends with %f", (count, rank, ratio) => {
  const interval = medianInterval(count);
  expect(interval.rank).toBe(rank);
  expect(interval.confidenceRatio).toBeCloseTo(ratio, 12);
});

test("of 100 values it is the 40th from both ends, as published tables have it", () => {
  expect(medianInterval(100).rank).toBe(40);
  expect(medianInterval(100).confidenceRatio).toBeCloseTo(0.9648, 4);
});

test("pairs are divided one by one, then the middle and the ranks are taken", () => {
  // Ratios 1..20 in another order; bases differ, so dividing medians would give something else.
  const order = [7, 3, 20, 1, 14, 9, 11, 2, 18, 5, 13, 16, 4, 19, 6, 10, 17, 8, 12, 15];
  const bases = order.map((_, index) => 2 ** (index % 5));
  const values = order.map((ratio, index) => ratio * (bases[index] ?? 0));
  expect(pairedRatio(values, bases)).toMatchObject({ median: 10.5, low: 6, high: 15 });
});

test("a slow half of the run does not move the ratio", () => {
  const bases = Array.from({ length: 20 }, (_, round) => (round < 10 ? 1 : 8));
  const values = bases.map((base) => base * 3);
  expect(pairedRatio(values, bases)).toMatchObject({ median: 3, low: 3, high: 3 });
});

test("too few pairs, or lists that are no pairs, are refused", () => {
  expect(() => pairedRatio([1, 2, 3, 4, 5], [1, 2, 3, 4, 5])).toThrow(/at least 6/);
  expect(() => pairedRatio([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6, 7])).toThrow(/equal length/);
});

test("the interval encloses the median and the swapped ratio is its reciprocal", () => {
  const sample = fc.double({ min: 0.01, max: 1000, noNaN: true });
  const pairs = fc.array(fc.tuple(sample, sample), { minLength: 7, maxLength: 61 });
  fc.assert(
    fc.property(pairs, (drawn) => {
      const odd = drawn.length % 2 === 0 ? drawn.slice(1) : drawn;
      const values = odd.map(([value]) => value);
      const bases = odd.map(([, base]) => base);
      const ratio = pairedRatio(values, bases);
      const swapped = pairedRatio(bases, values);
      expect(ratio.low).toBeLessThanOrEqual(ratio.median);
      expect(ratio.high).toBeGreaterThanOrEqual(ratio.median);
      expect(swapped.median).toBeCloseTo(1 / ratio.median, 9);
      expect(swapped.low / (1 / ratio.high)).toBeCloseTo(1, 9);
    }),
    { seed: 20_260_701, numRuns: 200 },
  );
});

test("a median is the middle, or the mean of the two in the middle", () => {
  expect(median([5, 1, 3])).toBe(3);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([])).toBeNaN();
});
