import * as fc from "fast-check";
import { expect, test } from "vitest";
import { collectTexts } from "./text-map.ts";
import { textOrder } from "./text-order.ts";

const byBytes = textOrder({
  name: "shop",
  encoding: "UTF8",
  collationProvider: "c",
  collation: "C",
  isByteOrdered: true,
  sizeBytes: null,
});

function mapOf(
  texts: readonly string[],
  prefixes: readonly string[] = [],
): ReturnType<ReturnType<typeof collectTexts>["freeze"]> {
  const collector = collectTexts(new Set(["shipped"]));
  for (const text of texts) collector.replace(text);
  for (const prefix of prefixes) collector.replacePrefix(prefix);
  return collector.freeze(byBytes);
}

test("order and distinctness of longer strings stay, the strings do not", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string({ minLength: 4, unit: "grapheme" }), { minLength: 1 }),
      (texts) => {
        const kept = /^[^\p{L}\p{N}]*$/u;
        const sorted = texts
          .filter((text) => text.length > 3 && !kept.test(text) && !/^.$/su.test(text))
          .toSorted(byBytes);
        const map = mapOf(texts);
        const codes = sorted.map((text) => map.replace(text));
        expect(codes).toEqual(codes.toSorted());
        expect(new Set(codes).size).toBe(codes.length);
      },
    ),
    { seed: 9 },
  );
});

test("a code is as long as its string, so that it fits the column", () => {
  const texts = ["DE", "FRA", "four", "a longer string"];
  const map = mapOf(texts);
  expect(texts.map((text) => map.replace(text).length)).toEqual(texts.map((text) => text.length));
  expect(map.replace("x".repeat(5_000))).toHaveLength(100);
});

test("labels of enums, single letters and punctuation stay", () => {
  const texts = ["shipped", "M", "", " - ", "%"];
  const map = mapOf(texts);
  expect(texts.map((text) => map.replace(text))).toEqual(texts);
});

test("strings that a LIKE prefix selects begin with its replacement, and no others do", () => {
  const texts = ["annabel@mail", "anna-maria@mail", "annette@mail", "bertold@mail"];
  const map = mapOf(texts, ["anna"]);
  const prefix = map.replacePrefix("anna");
  expect(texts.map((text) => map.replace(text).startsWith(prefix))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
