import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Range, type RangeKey, rangesAfter } from "./ranges.ts";

type Value = number | null;

const key = (change: Partial<RangeKey> = {}): RangeKey => ({
  isAscending: true,
  isNullsFirst: false,
  isNullable: false,
  fitsRow: true,
  ...change,
});

test("an order that is NOT NULL and goes one way is one row comparison", () => {
  expect(rangesAfter([key(), key(), key()], [false, false, false])).toEqual([
    [{ is: "beyond", first: 0, last: 2 }],
  ]);
});

test("a nullable key before a unique one takes three ranges, ties first and NULLs last", () => {
  expect(rangesAfter([key({ isNullable: true }), key()], [false, false])).toEqual([
    [
      { is: "equal", key: 0 },
      { is: "beyond", first: 1, last: 1 },
    ],
    [{ is: "beyond", first: 0, last: 0 }],
    [{ is: "null", key: 0 }],
  ]);
});

test("nothing comes after NULL when NULLs come last and nothing breaks their tie", () => {
  expect(rangesAfter([key({ isNullable: true })], [true])).toEqual([]);
});

test("a key whose operators are its own is never in a row comparison", () => {
  expect(rangesAfter([key(), key({ fitsRow: false })], [false, false])).toHaveLength(2);
});

describe("against every row of a small world", () => {
  const anyKey = fc.record({
    isAscending: fc.boolean(),
    isNullsFirst: fc.boolean(),
    isNullable: fc.boolean(),
    fitsRow: fc.boolean(),
  });

  test("each row after the position is in exactly one range, no other row is in any, and ranges follow each other", () => {
    fc.assert(
      fc.property(fc.array(anyKey, { minLength: 1, maxLength: 4 }), fc.nat(), (keys, pick) => {
        const rows = worldOf(keys).toSorted((left, right) => compare(keys, left, right));
        const position = rows[pick % rows.length] ?? [];
        const ranges = rangesAfter(
          keys,
          position.map((value) => value === null),
        );
        const found = ranges.map((range) => rows.filter((row) => isIn(range, keys, row, position)));
        const after = rows.filter((row) => compare(keys, row, position) > 0);
        // Each range in the order of its rows, one range after the other: that is the order of all.
        expect(found.flat()).toEqual(after);
      }),
      { seed: 4, numRuns: 1000 },
    );
  });
});

/** Every combination of 1, 2, 3 and, where it may be, NULL. */
function worldOf(keys: readonly RangeKey[]): readonly (readonly Value[])[] {
  return keys.reduce<readonly (readonly Value[])[]>(
    (rows, { isNullable }) =>
      rows.flatMap((row) =>
        [1, 2, 3, ...(isNullable ? [null] : [])].map((value) => row.concat(value)),
      ),
    [[]],
  );
}

function compare(
  keys: readonly RangeKey[],
  left: readonly Value[],
  right: readonly Value[],
): number {
  for (const [index, { isAscending, isNullsFirst }] of keys.entries()) {
    const [a, b] = [left[index] ?? null, right[index] ?? null];
    if (a === b) continue;
    if (a === null) return isNullsFirst ? -1 : 1;
    if (b === null) return isNullsFirst ? 1 : -1;
    return a < b === isAscending ? -1 : 1;
  }
  return 0;
}

/** What SQL makes of a range: a comparison with NULL is never true. */
function isIn(
  range: Range,
  keys: readonly RangeKey[],
  row: readonly Value[],
  position: readonly Value[],
): boolean {
  return range.every((condition) => {
    if (condition.is === "beyond") {
      const { first, last } = condition;
      const [values, bounds] = [row.slice(first, last + 1), position.slice(first, last + 1)];
      if ([...values, ...bounds].includes(null)) return false;
      return compare(keys.slice(first, last + 1), values, bounds) > 0;
    }
    const [value, bound] = [row[condition.key] ?? null, position[condition.key] ?? null];
    if (condition.is === "equal") return value !== null && value === bound;
    return (value === null) === (condition.is === "null");
  });
}
