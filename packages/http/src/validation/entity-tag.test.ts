import * as fc from "fast-check";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  formatTag,
  parseTag,
  splitCoding,
  tagOfContent,
  tagOfVersion,
  type Version,
} from "./entity-tag.ts";

describe("tags of content", () => {
  it("are 27 characters of SHA-256, the same for text and its bytes", () => {
    const expected = createHash("sha256").update("héllo").digest("base64url").slice(0, 27);
    expect(tagOfContent("héllo", false)).toEqual({ opaque: expected, isWeak: false });
    expect(tagOfContent(Buffer.from("héllo"), true)).toEqual({ opaque: expected, isWeak: true });
  });

  it("differ by coding when they are strong, and not when they are weak", () => {
    const strong = { opaque: "x", isWeak: false };
    expect([
      formatTag(strong, "identity"),
      formatTag(strong, "gzip"),
      formatTag(strong, "br"),
    ]).toEqual(['"x"', '"x-gzip"', '"x-br"']);
    const weak = { opaque: "x", isWeak: true };
    expect([formatTag(weak, "identity"), formatTag(weak, "zstd")]).toEqual(['W/"x"', 'W/"x"']);
  });
});

describe("tags of versions", () => {
  it("are readable where that is safe", () => {
    expect(tagOfVersion(7, false).opaque).toBe("7");
    expect(tagOfVersion(12n, false).opaque).toBe("12");
    expect(tagOfVersion("2024-01-01T00:00:00Z", false).opaque).toBe("2024-01-01T00:00:00Z");
    expect(tagOfVersion(new Date(1_500), false).opaque).toBe("1500");
  });

  it.each(["7-gzip", "a-br", 'quo"te', "line\r\nbreak", "ü", "", "x".repeat(65)])(
    "%j is hashed: it could be taken for something else",
    (version) => {
      expect(tagOfVersion(version, false).opaque).toMatch(/^[\w-]{27}$/);
    },
  );

  it.each([null, Number.NaN, Number.POSITIVE_INFINITY, new Date("never"), true, { version: 7 }])(
    "%s is no version: its tag would never change",
    (version: unknown) => {
      expect(() => tagOfVersion(version as Version, false)).toThrow(/`validator` that gives/);
    },
  );

  it("any version gives a tag that reads back, in any coding, and is not that of another one", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        fc.constantFrom("gzip", "br", "zstd"),
        (a, b, coding) => {
          const written = formatTag(tagOfVersion(a, false), coding);
          const [opaque, read] = splitCoding(parseTag(written).opaque);
          expect([opaque, read]).toEqual([tagOfVersion(a, false).opaque, coding]);
          expect(formatTag(tagOfVersion(`${a}${b}-`, false), "identity")).not.toBe(written);
        },
      ),
    );
  });
});

it.each(["abc", '"a', 'w/"a"', '"a"b', '"a b"', '""a"'])("%s is not a tag", (field) => {
  expect(() => parseTag(field)).toThrow(/ETag/);
});
