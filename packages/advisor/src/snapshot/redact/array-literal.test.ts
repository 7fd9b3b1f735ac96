import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatArrayLiteral, parseArrayLiteral } from "./array-literal.ts";

test("what is written is read back, NULL and quotes and nesting too", () => {
  const element = fc.oneof(fc.string(), fc.constant(null), fc.constant("NULL"), fc.constant(""));
  const nested = fc.oneof(
    fc.array(element),
    fc.array(fc.array(element, { minLength: 1 }), { minLength: 1 }),
  );
  fc.assert(
    fc.property(nested, (elements) => {
      expect(parseArrayLiteral(formatArrayLiteral(elements))).toEqual(elements);
    }),
    { seed: 10 },
  );
});

test("array_out's own forms are read", () => {
  expect(parseArrayLiteral(String.raw`{a,"b c",NULL,"NULL","x\"\\y",{1,2}}`)).toEqual([
    "a",
    "b c",
    null,
    "NULL",
    String.raw`x"\y`,
    ["1", "2"],
  ]);
  expect(parseArrayLiteral("[2:3]={a,b}")).toEqual(["a", "b"]);
  expect(parseArrayLiteral("{}")).toEqual([]);
});

test.each(["", "a,b", "{a", '{"a}', "{a}b", "{{a}", "x{a}"])("%j is no array", (text) => {
  expect(parseArrayLiteral(text)).toBeNull();
});
