import * as fc from "fast-check";
import { expect, test } from "vitest";
import { endOfRecord, formatPosition, parseLsn, parsePosition } from "./wal-position.ts";

test("a place in the log is a number of bytes", () => {
  // 0x16 * 2^32 + 0xB374D848
  expect(parseLsn("16/B374D848")).toBe(22n * 4_294_967_296n + 3_010_779_208n);
  expect(parseLsn("0/0")).toBe(0n);
  for (const other of [null, undefined, 5, "", "16", "16/", "/1", "g/1", "1/2/3", "1/123456789"])
    expect(parseLsn(other)).toBeUndefined();
});

test("a position reads back as what it was, in letters, digits and dots", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (lsn) => {
      const token = formatPosition(lsn);
      expect(token).toMatch(/^[0-9A-Z.]{1,40}$/);
      expect(parsePosition(token)).toBe(endOfRecord(lsn));
    }),
    { seed: 11 },
  );
});

test("no other text is a position", () => {
  const hostile = [
    "",
    "1",
    "1..",
    "1.0",
    "2.0.0",
    "1.0.0 ",
    "1.0.0\n",
    "1.a.b",
    "1.-1.0",
    "1.0.0.0",
    "1.123456789.0",
    "1.0x1.0",
    "1.0.0'; --",
  ];
  for (const text of hostile)
    expect(() => parsePosition(text)).toThrow(
      expect.objectContaining({ code: "UPSHIFT_INVALID_POSITION" }),
    );
  // Untyped callers hand over whatever a cookie held.
  expect(() => parsePosition(5 as unknown as string)).toThrow(/no position/);
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
      fc.pre(!/^1\.[0-9A-F]{1,8}\.[0-9A-F]{1,8}$/.test(text));
      expect(() => parsePosition(text)).toThrow(/no position/);
    }),
    { seed: 12 },
  );
});

test("a place right after a page's header is where the page before it ended", () => {
  expect(endOfRecord(8_192n * 5n + 24n)).toBe(8_192n * 5n);
  expect(endOfRecord(8_192n * 5n + 32n)).toBe(8_192n * 5n + 32n);
  expect(endOfRecord(8_192n * 5n)).toBe(8_192n * 5n);
});
