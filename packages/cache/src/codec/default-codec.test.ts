import { isDeepStrictEqual } from "node:util";
import { runInNewContext } from "node:vm";
import { hasErrorCode } from "@upshift/foundation";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CacheValueError } from "./cache-value-error.ts";
import { defaultCodec } from "./default-codec.ts";

const RUNS = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 8_000 : 1_000;

const supported = fc.anything({
  maxDepth: 5,
  key: fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("__proto__", "constructor", "then")),
  values: [
    fc.string({ unit: "binary" }),
    fc.double(),
    fc.constantFrom(-0, NaN, Infinity, -Infinity, undefined, null, true, false, ""),
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.webUrl().map((url) => new URL(url)),
  ],
  withBoxedValues: true,
  withMap: true,
  withNullPrototype: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
});

const brought = (value: unknown): unknown => defaultCodec.decode(defaultCodec.encode(value));

describe("the default codec", () => {
  it("brings back whatever it takes, deeply equal in types, prototypes, holes and signs of zero", () => {
    fc.assert(
      fc.property(supported, (value) => {
        expect(isDeepStrictEqual(brought(value), value)).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  it("brings back JSON with any names, as JSON behind a `j`", () => {
    fc.assert(
      fc.property(fc.json({ noUnicodeString: false }), (text) => {
        // Through text once more: JSON writes -0 as 0.
        const value: unknown = JSON.parse(JSON.stringify(JSON.parse(text)));
        expect(defaultCodec.encode(value)).toBe(`j${JSON.stringify(value)}`);
        expect(isDeepStrictEqual(brought(value), value)).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  it.each<[string, unknown]>([
    ["false", false],
    ["zero", 0],
    ["an empty string", ""],
    ["null", null],
    ["half a surrogate pair", "\ud800"],
    ["a line separator", "\u2028"],
    ["an empty object", {}],
    ["nested plain values", { a: [1, "2", { b: null }], "": true }],
  ])("writes %s as JSON", (_, value) => {
    expect(defaultCodec.encode(value)).toBe(`j${JSON.stringify(value)}`);
    expect(brought(value)).toStrictEqual(value);
  });

  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["undefined within an object", { a: undefined, b: 1 }],
    ["undefined within an array", [undefined, 1]],
    ["holes", [1, , 3]], // oxlint-disable-line no-sparse-arrays
    ["NaN", NaN],
    ["-0", [-0, 0]],
    ["infinities", [Infinity, -Infinity]],
    ["a bigint beyond doubles", 123_456_789_012_345_678_901n],
    ["a date", { at: new Date(1_700_000_000_123) }],
    ["a regular expression", /a\/"b<script>/giu],
    ["a URL", new URL("https://example.org/a?b=c#d")],
    ["URL parameters", new URLSearchParams("a=1&a=2&b=%20")],
    [
      "a map with keys of objects",
      new Map<unknown, unknown>([
        [{ a: 1 }, new Map()],
        [NaN, 2],
      ]),
    ],
    ["a set", new Set<unknown>([1, "1", new Date(0)])],
    ["a buffer", Buffer.from([0, 255, 128])],
    ["an empty buffer", { bytes: Buffer.alloc(0) }],
    ["a Uint8Array", new Uint8Array([1, 2, 3])],
    ["a Float64Array", new Float64Array([1.5, -0, NaN])],
    ["a BigInt64Array", new BigInt64Array([-1n])],
    ["an ArrayBuffer", new Uint8Array([1, 2]).buffer],
    ["a DataView", new DataView(new Uint8Array([1, 2]).buffer)],
    ["a boxed number", Object(1)],
    ["an object without prototype", Object.assign(Object.create(null), { a: 1 })],
    ["an object that looks like what is sent", { isBare: true, members: [["a", 1]] }],
    ["a text that looks like what is sent", ["bytes", "Buffer:AA==", 1n]],
    ["a toJSON that is no function", { toJSON: "2020", at: new Date(0) }],
  ])("brings back %s", (_, value) => {
    const back = brought(value);
    expect(isDeepStrictEqual(back, value)).toBe(true);
    expect(Buffer.isBuffer(back)).toBe(Buffer.isBuffer(value));
  });

  it("brings back an invalid date", () => {
    expect((brought(new Date(NaN)) as Date).getTime()).toBeNaN();
  });

  it("brings back cycles and what they share", () => {
    const node: { self?: unknown; items: unknown[]; byName: Map<string, unknown> } = {
      items: [],
      byName: new Map(),
    };
    node.self = node;
    node.items.push(node, node.items);
    node.byName.set("a", node);
    const back = brought(node) as typeof node;
    expect(back.self).toBe(back);
    expect(back.items[0]).toBe(back);
    expect(back.items[1]).toBe(back.items);
    expect(back.byName.get("a")).toBe(back);
  });

  it.each([
    ["JSON", '{"__proto__":{"admin":true},"a":1}', undefined],
    ["beside a date", '{"__proto__":{"admin":true},"a":1}', new Date(0)],
  ])("brings back a member named __proto__ as a member, %s", (_, text, at) => {
    const value: unknown = { user: JSON.parse(text), ...(at && { at }) };
    const back = brought(value) as { user: { a: number; admin?: boolean } };
    expect(isDeepStrictEqual(back, value)).toBe(true);
    expect(Object.keys(back.user)).toEqual(["__proto__", "a"]);
    expect(back.user.admin).toBeUndefined();
    expect(Object.getPrototypeOf(back.user)).toBe(Object.prototype);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it("sends no more of a shared memory than a view shows", () => {
    const memory = Buffer.from("secret, 42, secret");
    const view = new Uint8Array(memory.buffer, memory.byteOffset + 8, 2);
    expect(brought({ view })).toEqual({ view: new Uint8Array([0x34, 0x32]) });
    expect(defaultCodec.encode({ view }).length).toBeLessThan(100);
  });

  it("takes plain objects, arrays, dates and maps of another realm", () => {
    const value: unknown = runInNewContext(
      '({ a: [1, { b: "x" }], at: new Date(0), m: new Map([[1, 2]]) })',
    );
    expect(brought(value)).toStrictEqual({
      a: [1, { b: "x" }],
      at: new Date(0),
      m: new Map([[1, 2]]),
    });
  });

  it("leaves behind what JSON leaves behind, whatever stands beside it", () => {
    const hidden = Object.defineProperty({ a: 1, [Symbol("s")]: 2 }, "b", { value: 3 });
    expect(brought(hidden)).toStrictEqual({ a: 1 });
    expect(brought([hidden, 1n])).toStrictEqual([{ a: 1 }, 1n]);
  });

  class User {
    readonly name = "hunter2";
  }
  class Money {
    toJSON(): string {
      return "hunter2";
    }
  }
  class Dates extends Date {}
  class Rows extends Array<unknown> {}
  class Bytes extends Uint8Array {}

  it.each<[string, unknown, string]>([
    [
      "an object of a class",
      { user: { createdBy: new User() } },
      "$.user.createdBy is an object of class User",
    ],
    [
      "an object of a class beside a date",
      [new Date(), new User()],
      "$[1] is an object of class User",
    ],
    [
      "an object of a class with toJSON",
      { price: new Money() },
      "$.price is an object of class Money",
    ],
    ["an own toJSON", { a: { toJSON: () => "hunter2" } }, "$.a.toJSON is a function"],
    [
      "an own toJSON that is hidden",
      { a: Object.defineProperty({}, "toJSON", { value: () => 1 }) },
      "$.a.toJSON is a function",
    ],
    ["a date of a subclass", new Dates(0), "$ is an object of class Dates"],
    ["an array of a subclass", { rows: Rows.from([1]) }, "$.rows is an object of class Rows"],
    ["bytes of a subclass", new Bytes(1), "$ is an object of class Bytes"],
    ["a function", () => "hunter2", "$ is a function"],
    ["a function in a map", new Map([["hunter2", () => 1]]), "$.values()[0] is a function"],
    ["a function as a key of a map", new Map([[() => "hunter2", 1]]), "$.keys()[0] is a function"],
    ["a symbol in a set", new Set([Symbol("hunter2")]), "$.values()[0] is a symbol"],
    ["a boxed symbol", Object(Symbol("hunter2")), "$ is an object of class Symbol"],
    ["a promise", { user: Promise.resolve("hunter2") }, "$.user is a promise"],
    ["an error", new TypeError("hunter2"), "$ is an error"],
    ["a weak map", { a: new WeakMap() }, "$.a is an object of class WeakMap"],
    ["shared memory", new SharedArrayBuffer(1), "$ is an object of class SharedArrayBuffer"],
    [
      "a name that is no identifier",
      { "a b": { 'c"': () => 1 } },
      '$["a b"]["c\\""] is a function',
    ],
    [
      "an object of an anonymous class",
      new (class {
        readonly a = 1;
      })(),
      "$ is an object of a class",
    ],
  ])("refuses %s by its path, and never shows the value", (_, value, message) => {
    expect(() => defaultCodec.encode(value)).toThrow(message);
    expect(() => defaultCodec.encode(value)).not.toThrow(/hunter2/);
    expect(() => defaultCodec.encode(value)).toThrow(CacheValueError);
  });

  it("refuses a cycle through an object with a member named __proto__, rather than write what cannot be read", () => {
    const cycle = JSON.parse('{"__proto__":1}') as { self?: unknown };
    cycle.self = cycle;
    expect(() => defaultCodec.encode(cycle)).toThrow(CacheValueError);
  });

  it.each([900, 10_000, 200_000])(
    "brings back or refuses %d levels, and never runs out of stack",
    (levels) => {
      const outcomes = ["[]", "{}", "map"].map((kind) => {
        let value: unknown = kind === "map" ? 1n : 1;
        for (let level = 0; level < levels; level += 1)
          value = kind === "[]" ? [value] : kind === "{}" ? { a: value } : new Map([["a", value]]);
        try {
          // Walked by hand, since a deep comparison would itself run out of stack.
          let back = brought(value);
          let depth = 0;
          for (; typeof back === "object" && back !== null; depth += 1)
            back = Array.isArray(back)
              ? back[0]
              : back instanceof Map
                ? back.get("a")
                : (back as { a: unknown }).a;
          return depth;
        } catch (error) {
          return hasErrorCode(error, "UPSHIFT_CACHE_VALUE");
        }
      });
      const expected = levels <= 1_000 ? levels : true;
      expect(outcomes).toEqual([expected, expected, expected]);
    },
  );

  it("refuses rather than crashes where little stack is left", () => {
    let outcome: unknown;
    let value: unknown = 1n;
    for (let level = 0; level < 900; level += 1) value = { a: value };
    const descend = (): void => {
      try {
        descend();
      } catch {
        // The stack ends here; from here upwards there is more and more of it.
      }
      if (outcome !== undefined) return;
      try {
        outcome = typeof defaultCodec.encode(value);
      } catch (error) {
        // Without stack for the error itself.
        if (!(error instanceof RangeError)) outcome = error;
      }
    };
    descend();
    expect(hasErrorCode(outcome, "UPSHIFT_CACHE_VALUE") ? "string" : outcome).toBe("string");
  });

  it("ends on parts that refer to each other over and over", () => {
    let value: unknown = ["leaf"];
    for (let level = 0; level < 60; level += 1) value = [value, value];
    let back = brought(value);
    for (let level = 0; level < 60; level += 1) back = (back as unknown[])[level % 2];
    expect(back).toEqual(["leaf"]);
  });

  it("ends on arrays that are nearly all holes", () => {
    const sparse: unknown[] = [];
    sparse[4_000_000_000] = 1;
    const back = brought({ sparse }) as { sparse: unknown[] };
    expect(back.sparse.length).toBe(4_000_000_001);
    expect(back.sparse[4_000_000_000]).toBe(1);
  });

  it.each([
    "",
    "x",
    "j",
    "j{",
    "d",
    "d[",
    'd[["Nope",1]]',
    'd[["bytes",1],"Buffe:AA=="]',
    'd[["bytes",1],2]',
    'd[["members",1],2]',
  ])("throws for text that it did not write: %j", (text) => {
    expect(() => defaultCodec.decode(text)).toThrow(Error);
  });
});
