import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchSizing } from "./batch-size.ts";

describe("the size of a batch", () => {
  test("is what was asked for, or adapts to the rows", () => {
    expect(batchSizing(7).rowCount).toBe(7);
    const sizing = batchSizing("adaptive");
    const sizes = [sizing.rowCount];
    for (let batch = 0; batch < 5; batch++) {
      sizing.measured(Array.from({ length: sizing.rowCount }, () => ({ n: 1 })));
      sizes.push(sizing.rowCount);
    }
    expect(sizes).toEqual([64, 256, 1_024, 1_024, 1_024, 1_024]);
    sizing.measured([{ x: "x".repeat(10_000_000) }]);
    expect(sizing.rowCount).toBe(1);
  });

  test("is at least 1 and a power of two, whatever is in the rows", () => {
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string(), fc.anything())), (rows) => {
        const sizing = batchSizing("adaptive");
        sizing.measured(rows);
        expect(Number.isInteger(Math.log2(sizing.rowCount))).toBe(true);
        expect(sizing.rowCount).toBeLessThanOrEqual(256);
      }),
      { seed: 11 },
    );
  });

  test.each([0, -1, 1.5, Number.NaN, "many", null])("%j is none", (size) => {
    expect(() => batchSizing(size as never)).toThrow(
      expect.objectContaining({ code: "UPSHIFT_INVALID_ARGUMENT" }),
    );
  });
});
