import { describe, expect, it } from "vitest";
import { conditionKeys } from "./condition-keys.ts";

function uses(condition: string, keys: readonly string[], alias: string | null = null) {
  return Object.fromEntries(conditionKeys(condition, keys, alias));
}

describe("conditionKeys", () => {
  it("finds the keys of a condition and how they are used", () => {
    expect(uses("((status = 'open'::text) AND (user_id > 7))", ["status", "user_id"])).toEqual({
      0: "equality",
      1: "other",
    });
  });

  it("sees that the leading key is missing", () => {
    expect(uses("(user_id = 77)", ["status", "user_id"])).toEqual({ 1: "equality" });
  });

  it("looks through aliases, casts, quotes and collations", () => {
    expect(uses("((o.email)::text = 'a'::text)", ["email"], "o")).toEqual({ 0: "equality" });
    expect(uses(`("Odd o"."User Id" = 1)`, [`"User Id"`], "Odd o")).toEqual({ 0: "equality" });
    expect(uses(`(name = 'x'::text COLLATE "C")`, ["name"])).toEqual({ 0: "equality" });
    expect(uses("((code)::character varying(20) >= 'a'::text)", ["code"])).toEqual({ 0: "other" });
  });

  it("prefers the longest key", () => {
    expect(uses("((a + b) = 3)", ["a", "(a + b)"])).toEqual({ 1: "equality" });
    expect(
      uses("(lower((u.email)::text) = 'x'::text)", ["email", "lower((email)::text)"], "u"),
    ).toEqual({ 1: "equality" });
  });

  it("takes lists and NULL for equality, a row comparison and IS NOT NULL not", () => {
    expect(uses("(id = ANY ('{1,2}'::integer[]))", ["id"])).toEqual({ 0: "equality" });
    expect(uses("(id IS NULL)", ["id"])).toEqual({ 0: "equality" });
    expect(uses("(id IS NOT NULL)", ["id"])).toEqual({ 0: "other" });
    expect(uses("(ROW(a, b) > ROW(1, 2))", ["a", "b"])).toEqual({ 0: "other" });
  });

  it("is not misled by AND and parentheses inside strings", () => {
    expect(uses("((a = 'x) AND (b = 1'::text) AND (c = 2))", ["a", "b", "c"])).toEqual({
      0: "equality",
      2: "equality",
    });
  });

  it("keeps the strictest use of a key", () => {
    expect(uses("((a > 1) AND (a = 5))", ["a"])).toEqual({ 0: "equality" });
  });
});
