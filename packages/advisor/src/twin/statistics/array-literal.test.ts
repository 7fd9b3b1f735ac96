import { describe, expect, it } from "vitest";
import { countElements, parseArrayLiteral } from "./array-literal.ts";

describe("parseArrayLiteral", () => {
  it("splits plain and quoted elements", () => {
    expect(parseArrayLiteral(String.raw`{a,"b,c","d\"e","f\\g"}`)).toEqual([
      "a",
      "b,c",
      'd"e',
      String.raw`f\g`,
    ]);
  });

  it("tells an empty array from one with an empty text", () => {
    expect(parseArrayLiteral("{}")).toEqual([]);
    expect(parseArrayLiteral('{""}')).toEqual([""]);
  });

  it("keeps braces inside quotes, and nested arrays whole", () => {
    expect(parseArrayLiteral('{"{1,2}",x}')).toEqual(["{1,2}", "x"]);
    expect(countElements("{{1,2},{3,4}}")).toBe(2);
  });

  it("answers that other text is no array", () => {
    expect(parseArrayLiteral("")).toBeNull();
    expect(countElements("a,b")).toBe(-1);
  });
});
