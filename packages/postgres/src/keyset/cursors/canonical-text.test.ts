import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalText } from "./canonical-text.ts";

test("a copy has the text of its original; a JSON value can be told from any other", () => {
  const anything = fc.anything({ withBigInt: true, withDate: true, withTypedArray: true });
  fc.assert(
    fc.property(anything, fc.jsonValue(), fc.jsonValue(), (any, left, right) => {
      expect(canonicalText(structuredClone(any))).toBe(canonicalText(any));
      const areSame = isDeepStrictEqual(left, right);
      expect(canonicalText(left) === canonicalText(right)).toBe(areSame);
    }),
    { seed: 3, numRuns: 500 },
  );
});

test.each([
  [1, "1"],
  [0, -0],
  [1, 1n],
  [null, undefined],
  [null, "null"],
  [true, "true"],
  [new Date(5), 5],
  [new Date(5), new Date(5).toISOString()],
  [["a,b"], ["a", "b"]],
  [
    [["a"], "b"],
    ["a", ["b"]],
  ],
  [{ a: 1, b: 2 }, { a: 1 }],
  [{ "a:n1,b": 2 }, { a: 1, b: 2 }],
  [Buffer.from("a"), "a"],
  [Number.NaN, null],
])("two values differ: %#", (left, right) => {
  expect(canonicalText(left)).not.toBe(canonicalText(right));
});

test("the order of properties does not count, nor one that is undefined", () => {
  expect(canonicalText({ b: 1, a: [2], c: undefined })).toBe(canonicalText({ a: [2], b: 1 }));
});

test("what has no contents to compare is refused, what holds itself too", () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  for (const value of [() => 1, Symbol("a"), new Map([[1, 2]]), new Set(), /a/, circle]) {
    expect(() => canonicalText({ value })).toThrow(
      expect.objectContaining({ code: "UPSHIFT_INVALID_ARGUMENT" }),
    );
  }
});
