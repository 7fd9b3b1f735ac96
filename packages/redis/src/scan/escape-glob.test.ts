import { expect, it } from "vitest";
import { escapeGlob } from "./escape-glob.ts";

it("takes the meaning from every character that has one in a glob", () => {
  expect(escapeGlob("user:42")).toBe("user:42");
  expect(escapeGlob("a*b?c[d]e\\f")).toBe(String.raw`a\*b\?c\[d\]e\\f`);
});
