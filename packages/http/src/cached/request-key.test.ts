import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countingParameters, normalizeTarget } from "./request-key.ts";

const SEED = { seed: 20_261_122, numRuns: 300 };
const pairs = fc.array(fc.tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })), {
  maxLength: 6,
});

/** As any client may spell it: each character escaped or not. */
const write = (parameters: readonly (readonly [string, string])[]): string =>
  `/a?${parameters.map((pair) => pair.map(encodeURIComponent).join("=")).join("&")}`;

const read = (target: string): (readonly [string, string])[] =>
  Array.from(new URLSearchParams(target.slice(target.indexOf("?") + 1)));

describe("a normalised target", () => {
  it("has the parameters that were sent, by name, those of one name in their order", () => {
    fc.assert(
      fc.property(pairs, (parameters) => {
        fc.pre(!parameters.flat().join("").includes("\u{fffd}"));
        const normal = normalizeTarget(write(parameters), undefined) ?? "";
        const expected = parameters
          .map((pair, index) => [...pair, index] as const)
          .toSorted(([left, , first], [right, , second]) =>
            left === right ? first - second : left < right ? -1 : 1,
          )
          .map(([name, value]) => [name, value]);
        expect(normal.includes("?") ? read(normal) : []).toEqual(expected);
      }),
      SEED,
    );
  });

  it("is its own normal form, and the same for every order of different names", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-zäß&=+% ]{1,4}$/), fc.string()), {
          selector: ([name]) => name,
        }),
        (parameters) => {
          const normal = normalizeTarget(write(parameters), undefined);
          expect(normalizeTarget(write(parameters.toReversed()), undefined)).toBe(normal);
          expect(normalizeTarget(normal ?? "", undefined)).toBe(normal);
        },
      ),
      SEED,
    );
  });

  it("keeps the names that count, however they are spelled", () => {
    const names = new Set(["id"]);
    for (const target of ["/a?id=1&x=2", "/a?%69d=1&&x", "/a?x=2&id=1&x=3"])
      expect(normalizeTarget(target, names)).toBe("/a?id=1");
    expect(normalizeTarget("/a?ID=1", names)).toBe("/a");
  });

  it("leaves the path as it came", () => {
    for (const path of ["/a%2Fb", "/a/../b", "//a", "/a;b=1", "/%61", "/\\a"])
      expect(normalizeTarget(path, undefined)).toBe(path);
  });

  it.each(["", "*", "a", "http://a/b", "/a#b", "/a b", "/ä", "/a?x=%ff", "/a?x=%zz", "/a?x=%"])(
    "is none for %j, which is no path or reads differently to different parsers",
    (target) => {
      expect(normalizeTarget(target, undefined)).toBeUndefined();
    },
  );
});

describe("the parameters that a framework has read", () => {
  it("are those that count, also under names that objects have", () => {
    const query: unknown = JSON.parse('{"__proto__":"a","id":["1","2"],"x":"y"}');
    const counting = countingParameters(query, new Set(["id", "__proto__"]));
    expect(JSON.stringify(counting)).toBe('{"__proto__":"a","id":["1","2"]}');
    expect(countingParameters(undefined, undefined)).toEqual({});
  });
});
