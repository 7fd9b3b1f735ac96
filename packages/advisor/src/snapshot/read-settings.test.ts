import { expect, test } from "vitest";
import { resolveSearchPath } from "./read-settings.ts";

const schemas = new Set(["public", "app", "My Schema", 'a"b', "Shop"]);

test.each([
  ['"$user", public', ["app", "public"]],
  ["public, app", ["public", "app"]],
  ['"My Schema", PUBLIC', ["My Schema", "public"]],
  ['"a""b",missing', ['a"b']],
  ["Shop", []],
  ['"Shop", "Shop"', ["Shop"]],
  ['""', []],
  ["", []],
])("search_path %s leads to %j", (setting, expected) => {
  expect(resolveSearchPath(setting, "app", schemas)).toEqual(expected);
});
