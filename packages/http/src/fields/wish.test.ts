import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emptyWish, readWish, type Wish } from "./wish.ts";

const LIMITS = { maxLength: 1_000_000, maxDepth: 100 };

/** What was read, as `{ name: { "": whole, …parts } }`, comparable whatever the order of names. */
function toPlain({ isWhole, parts }: Wish): object {
  return { isWhole, parts: Object.fromEntries([...parts].map(([n, w]) => [`.${n}`, toPlain(w)])) };
}

function read(text: string, limits: typeof LIMITS = LIMITS): object {
  const wish = emptyWish();
  readWish(text, limits, wish);
  return toPlain(wish);
}

interface PlainWish {
  isWhole: boolean;
  parts: Record<string, PlainWish>;
}

/** Written from the grammar alone, one function per rule: `list = item *("," item)`, `item = path ["(" list ")"]`, `path = name *("." name)`. */
function reference(text: string): object {
  let at = 0;
  const list = (into: PlainWish): void => {
    item(into);
    while (text[at] === ",") {
      at += 1;
      item(into);
    }
  };
  const item = (into: PlainWish): void => {
    let path = "";
    while (at < text.length && !",()".includes(text.charAt(at))) {
      path += text.charAt(at);
      at += 1;
    }
    let place = into;
    for (const name of path.trim().split(".")) {
      if (name === "") throw new Error("no name");
      place = place.parts[`.${name}`] ??= { isWhole: false, parts: {} };
    }
    if (text[at] !== "(") {
      place.isWhole = true;
      return;
    }
    at += 1;
    list(place);
    if (text[at] !== ")") throw new Error("not closed");
    at += 1;
    while (text[at] === " ") at += 1;
  };
  const root: PlainWish = { isWhole: false, parts: {} };
  list(root);
  if (at < text.length) throw new Error("something follows");
  return root;
}

function outcomeOf(call: () => object): object | "refused" {
  try {
    return call();
  } catch {
    return "refused";
  }
}

describe("the list of fields", () => {
  test("is read as the grammar says, and refused where the grammar does", () => {
    const texts = fc
      .array(fc.constantFrom("a", "b", "ab", ",", "(", ")", ".", " "), { maxLength: 14 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(texts, (text) => {
        expect(outcomeOf(() => read(text))).toEqual(outcomeOf(() => reference(text)));
      }),
      { seed: 5, numRuns: 20_000 },
    );
  });

  test("is read back from any tree of any names", () => {
    const name = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 8 })
      .filter((text) => !/[,().\s]/.test(text));
    const { tree } = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc
        .array(fc.tuple(name, fc.option(tie("tree"), { depthSize: "small" })), {
          minLength: 1,
          maxLength: 4,
        })
        .map((items) => items.map(([n, inner]) => (inner === null ? n : `${n}(${inner})`)).join()),
    }));
    fc.assert(
      fc.property(tree, (text) => {
        expect(read(text)).toEqual(reference(text));
      }),
      { seed: 6 },
    );
  });

  test.each([
    ["", "A name is missing at character 1."],
    ["a,", "A name is missing at character 3."],
    ["a,,b", "A name is missing at character 3."],
    ["a()", "A name is missing at character 3."],
    ["(a)", "A name is missing at character 1."],
    ["a(b", "1 `)` are missing."],
    ["a)", "A `)` too many at character 2."],
    ["a(b)c", "A comma is missing before character 6."],
    ["a(b)(c)", "A comma is missing before character 5."],
    ["a..b", "A dot has no name beside it."],
  ])("%j is refused: %s", (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  test("is bounded in depth and length, and 10,000 names are nothing", () => {
    const deep = `${"a(".repeat(200_000)}a${")".repeat(200_000)}`;
    expect(() => read(deep)).toThrow("nested deeper than 100");
    expect(() => read("(".repeat(500_000))).toThrow("A name is missing");
    expect(() => read(")".repeat(500_000))).toThrow("A name is missing");
    expect(() => read("a.".repeat(200_000))).toThrow("nested deeper than 100");
    expect(() => read("a,".repeat(3_000), { ...LIMITS, maxLength: 4_096 })).toThrow(
      "The fields have 6000 characters, more than the 4096 that are read.",
    );
    const many = Array.from({ length: 10_000 }, (_, n) => `field${n}`);
    expect(Object.keys((read(many.join()) as PlainWish).parts).length).toBe(10_000);
    expect(read("a(".repeat(99) + "a" + ")".repeat(99))).toBeDefined();
  });

  test("takes a name that comes twice once", () => {
    expect(read("a,b(c),a,b(d),b(c)")).toEqual(read("b(d,c),a"));
    expect(read("b.c, b.d")).toEqual(read("b( c , d )"));
  });
});
