import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { btreeHeight, type BtreeKey, btreeSize } from "./btree-size.ts";
import { expectedDataBytes, type FieldWidths } from "./field-layout.ts";

const SEED = 11;

function key(more: Partial<BtreeKey> = {}): BtreeKey {
  return {
    widths: [{ bytes: 8, share: 1 }],
    alignment: 8,
    nullFraction: 0,
    distinct: 1_000_000,
    isEqualImage: true,
    ...more,
  };
}

function fixed(bytes: number): FieldWidths {
  return { widths: [{ bytes, share: 1 }], alignment: bytes, nullFraction: 0 };
}

describe("btreeSize", () => {
  it("counts a unique bigint as PostgreSQL builds it", () => {
    // 8 + 8 + 4 bytes: floor(7325 / 20) = 366 a page, so 2733 leaves; 284 downlinks a page: 10 and a root; a metapage.
    expect(btreeSize({ rows: 1_000_000, keys: [key()], include: [] })).toEqual({
      pages: 1 + 2733 + 10 + 1,
      height: 2,
    });
  });

  it("has a metapage and no root without rows", () => {
    expect(btreeSize({ rows: 0, keys: [key()], include: [] })).toEqual({ pages: 1, height: 0 });
  });

  it("puts the rows of a repeated key into posting lists", () => {
    // 132 rows a list of 812 bytes, nine lists a page: 7576 / 9 = 842 leaves.
    const { pages } = btreeSize({ rows: 1_000_000, keys: [key({ distinct: 1 })], include: [] });
    expect(pages).toBeGreaterThan(842);
    expect(pages).toBeLessThan(850);
  });

  it("does not deduplicate what is included, nor types whose equal values differ in bytes", () => {
    const repeated = key({ distinct: 10 });
    const plain = btreeSize({ rows: 100_000, keys: [repeated], include: [] }).pages;
    const included = btreeSize({
      rows: 100_000,
      keys: [repeated],
      include: [{ widths: [{ bytes: 4, share: 1 }], alignment: 4, nullFraction: 0 }],
    }).pages;
    const numeric = btreeSize({
      rows: 100_000,
      keys: [{ ...repeated, isEqualImage: false }],
      include: [],
    }).pages;
    expect(included / plain).toBeGreaterThan(3);
    expect(numeric / plain).toBeGreaterThan(3);
  });

  it("grows with its rows, its width and its free space", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000_000 }),
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        (rows, bytes, distinct) => {
          // Deduplication would let the whole number of lists on a page hide what is proved here.
          const shape = (count: number, width: number, fillfactorPercent: number) =>
            btreeSize({
              rows: count,
              keys: [
                key({
                  widths: [{ bytes: width, share: 1 }],
                  alignment: 1,
                  distinct,
                  isEqualImage: false,
                }),
              ],
              include: [],
              fillfactorPercent,
            }).pages;
          expect(shape(rows * 2, bytes, 90)).toBeGreaterThanOrEqual(shape(rows, bytes, 90));
          expect(shape(rows, bytes + 8, 90)).toBeGreaterThanOrEqual(shape(rows, bytes, 90));
          expect(shape(rows, bytes, 50)).toBeGreaterThanOrEqual(shape(rows, bytes, 90));
        },
      ),
      { seed: SEED },
    );
  });
});

describe("btreeHeight", () => {
  it("is the height that a fresh index of that size has", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50_000_000 }), (rows) => {
        const shape = { rows, keys: [key({ distinct: rows })], include: [] };
        const { pages, height } = btreeSize(shape);
        expect(btreeHeight(pages, shape)).toBe(height);
      }),
      { seed: SEED },
    );
  });
});

describe("the height of an index with duplicates", () => {
  it("counts no row address in the inner pages where neighbouring leaves differ by key", () => {
    // 160,000 rows of 40,000 keys: measured 265 pages and one level above the leaves, 284 downlinks fit on the root.
    const shape = { rows: 160_000, keys: [key({ distinct: 40_000 })], include: [] };
    expect(btreeHeight(265, shape)).toBe(1);
    // Ten keys: leaves of one key can only be told apart by row addresses, 202 a page.
    expect(btreeHeight(265, { ...shape, keys: [key({ distinct: 10 })] })).toBe(2);
  });
});

describe("expectedDataBytes", () => {
  it("rounds every tuple up, not their average", () => {
    // Half of the tuples take 8 bytes, half 16; their average of 6.5 would be rounded to 8.
    const bytes = expectedDataBytes([
      {
        widths: [
          { bytes: 4, share: 0.5 },
          { bytes: 9, share: 0.5 },
        ],
        alignment: 1,
        nullFraction: 0,
      },
    ]);
    expect(bytes).toBeCloseTo(12);
  });

  it("aligns a bigint after an int", () => {
    expect(expectedDataBytes([fixed(4), fixed(8)])).toBe(16);
    expect(expectedDataBytes([fixed(4), fixed(4)])).toBe(8);
  });

  it("spends nothing on NULL", () => {
    expect(
      expectedDataBytes([{ widths: [{ bytes: 8, share: 1 }], alignment: 8, nullFraction: 0.75 }]),
    ).toBe(2);
  });
});
