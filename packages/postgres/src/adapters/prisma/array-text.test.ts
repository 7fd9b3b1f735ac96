import { expect, test } from "vitest";
import { readArrayText } from "./array-text.ts";

test.each([
  ["{}", []],
  ["{a}", ["a"]],
  ['{a,"b,c",NULL,"NULL"}', ["a", "b,c", null, "NULL"]],
  ['{"a\\"b\\\\c","",d e}', ['a"b\\c', "", "d e"]],
])("%s", (text, items) => {
  expect(readArrayText(text)).toEqual(items);
});
