import { describe, expect, it } from "vitest";
import { storedBytes } from "./stored-bytes.ts";

describe("storedBytes", () => {
  it("counts bytes of UTF-8, and one for the header", () => {
    expect(storedBytes("text", "paid")).toBe(5);
    expect(storedBytes("varchar", "\u00e9")).toBe(3);
  });

  it("counts a numeric by groups of four digits on either side of the point", () => {
    expect(storedBytes("numeric", "0")).toBe(3);
    expect(storedBytes("numeric", "12.34")).toBe(7);
    expect(storedBytes("numeric", "-12345.6789")).toBe(9);
    expect(storedBytes("numeric", "100.00")).toBe(5);
  });

  it("counts the bytes that a hexadecimal text stands for", () => {
    expect(storedBytes("bytea", String.raw`\x00ff`)).toBe(3);
  });

  it("does not guess what the text does not tell", () => {
    expect(storedBytes("jsonb", "{}")).toBeNull();
  });
});
