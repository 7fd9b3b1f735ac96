import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAcceptEncoding } from "../negotiation/accept-encoding.ts";
import { findListedCoding, isListedStrongly } from "./entity-tag-list.ts";

const character = fc.constantFrom("a", "b", "x", ",", "-", "*", "!", "~", "#");
const opaque = fc.array(character, { maxLength: 8 }).map((characters) => characters.join(""));
const member = fc.record({ opaque, isWeak: fc.boolean() });
const separator = fc.constantFrom(",", ", ", " ,\t", ",,");

describe("lists of tags", () => {
  it("hold what was put into them, by the comparison of the section", () => {
    fc.assert(
      fc.property(fc.array(member), opaque, separator, (members, wanted, between) => {
        const list = members.map((one) => `${one.isWeak ? "W/" : ""}"${one.opaque}"`).join(between);
        const tag = { opaque: wanted, isWeak: false };
        const same = members.filter((one) => one.opaque === wanted);
        // 8.8.3.2: weakly, whatever is weak; strongly, only when neither is.
        expect(findListedCoding(list, tag, undefined, "identity") !== undefined).toBe(
          same.length > 0,
        );
        expect(isListedStrongly(list, tag)).toBe(same.some((one) => !one.isWeak));
      }),
    );
  });

  it("any text is an answer", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (list) => {
        expect(
          findListedCoding(list, { opaque: "nowhere-in-it", isWeak: false }, undefined, "gzip"),
        ).toBe(undefined);
      }),
    );
  });

  it("a weak tag of what there is never matches strongly", () => {
    expect(isListedStrongly('"a", W/"a"', { opaque: "a", isWeak: true })).toBe(false);
  });

  it("a coding counts only when the client takes it", () => {
    const tag = { opaque: "a", isWeak: false };
    const accepted = parseAcceptEncoding("gzip, identity;q=0");
    expect(findListedCoding('"a", "a-gzip"', tag, accepted, "br")).toBe("gzip");
    expect(findListedCoding('"a"', tag, accepted, "gzip")).toBeUndefined();
    expect(findListedCoding('"a-br"', tag, accepted, "gzip")).toBeUndefined();
  });

  it("8,000 characters are read, and never half a tag", () => {
    const tag = { opaque: "a", isWeak: false };
    const filler = '"x",'.repeat(1_998);
    expect(findListedCoding(`${filler}"a"`, tag, undefined, "identity")).toBe("identity");
    expect(findListedCoding(`${filler}${filler}"a"`, tag, undefined, "identity")).toBeUndefined();
    expect(isListedStrongly(`${filler}${filler}"a"`, tag)).toBe(false);
  });

  it.each([
    ["quotes that do not close", '"'.repeat(7_999)],
    ["white space", `"b"${" \t".repeat(3_900)}x`],
    ["commas in quotes that do not close", `"${",".repeat(7_900)}`],
  ])("%s take no time that grows with their square", (_what, list) => {
    // Quadratic, each would look at 64 million characters; 2,000 of them would not end within the timeout.
    const tag = { opaque: "a", isWeak: false };
    for (let round = 0; round < 2_000; round += 1) {
      expect(findListedCoding(list, tag, undefined, "identity")).toBeUndefined();
    }
  });
});
