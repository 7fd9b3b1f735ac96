import { array, assert, property, string } from "fast-check";
import { expect, it } from "vitest";
import { parseArrayLiteral, toArrayLiteral } from "./array-literal.ts";

it.each([
  ["{}", []],
  ["{1,2,NULL}", ["1", "2", null]],
  ['{"a b","c \\"d\\"","e\\\\f","NULL",""}', ["a b", 'c "d"', "e\\f", "NULL", ""]],
  ['{"{1,2}","(3,4)"}', ["{1,2}", "(3,4)"]],
  ["{ä€,日本}", ["ä€", "日本"]],
])("%s is read as PostgreSQL wrote it", (text, expected) => {
  expect(parseArrayLiteral(text)).toEqual(expected);
});

it.each(["", "1,2", "{1,2", "[0:1]={1,2}", "{{1},{2}}", "{1,}", '{"a}', '{"a"b}', "{1}2}"])(
  "%s is refused whole",
  (text) => {
    expect(parseArrayLiteral(text)).toBeNull();
  },
);

it("what is written reads back", () => {
  assert(
    property(array(string({ unit: "grapheme" }), { maxLength: 5 }), (values) => {
      expect(parseArrayLiteral(toArrayLiteral(values))).toEqual(values);
    }),
    { seed: 7 },
  );
});
