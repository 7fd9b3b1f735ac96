import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defaultCodec } from "../codec/default-codec.ts";
import { headOf, readStored, type StoredValue, writeStored } from "./stored-value.ts";

const STORED: StoredValue = {
  value: "a\nb|c",
  isAbsent: false,
  softUntilMs: 1_700_000_300_000,
  hardUntilMs: 1_700_000_600_000,
  clock: 1_700_000_000_000_001,
  ttlMs: 300_000,
  loadMs: 12,
  tags: ["org:7", 'with | and "', "line\nbreak"],
};

describe("what lies in Redis", () => {
  it("reads back as it was written, with whatever is in value and tags", () => {
    expect(readStored(writeStored(STORED, defaultCodec), defaultCodec)).toEqual(STORED);
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string({ minLength: 1 })), (value, tags) => {
        const stored = { ...STORED, value, tags };
        expect(readStored(writeStored(stored, defaultCodec), defaultCodec)).toEqual(stored);
      }),
      { seed: 7 },
    );
  });

  it("says that there is none without a value", () => {
    const stored = { ...STORED, value: undefined, isAbsent: true };
    expect(readStored(writeStored(stored, defaultCodec), defaultCodec)).toEqual(stored);
  });

  it("is told from another by its first line, which has no line break", () => {
    const text = writeStored(STORED, defaultCodec);
    expect(text.startsWith(`${headOf(text)}\n`)).toBe(true);
    expect(headOf(writeStored({ ...STORED, clock: STORED.clock + 1 }, defaultCodec))).not.toBe(
      headOf(text),
    );
    expect(headOf("nothing of ours")).toBe("");
  });

  it("begins with thirteen digits, which a script may set to 0", () => {
    const text = writeStored(STORED, defaultCodec);
    expect(text.slice(0, 13)).toBe("1700000300000");
    const expired = `0000000000000${text.slice(13)}`;
    expect(readStored(expired, defaultCodec)?.softUntilMs).toBe(0);
  });

  it.each([
    "",
    "x",
    "1|2|3\nj1",
    "a|b|c|d|e|v|\nj1",
    "1|2|3|4|5|v|[\nj1",
    "1|2|3|4|5|v|\nnot of this codec",
  ])("is not taken for one when it is %j", (text) => {
    expect(readStored(text, defaultCodec)).toBeUndefined();
  });
});
