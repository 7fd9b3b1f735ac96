import { createHash } from "node:crypto";
import { runInNewContext } from "node:vm";
import { InvalidArgumentError } from "@upshift/foundation";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalizeKey } from "./normalize-key.ts";

const RUNS = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 20_000 : 1_000;

const scalar = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.constantFrom("{", "[", '"', "~", "null", "undefined", "1", "1n", '{"a":1}', "[]", '"x"'),
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt({ min: -3n, max: 3n }),
  fc.boolean(),
  fc.date({ noInvalidDate: true }),
);
const structure = fc.letrec<{ value: unknown; tree: unknown }>((tie) => ({
  value: fc.oneof(scalar, fc.constant(null), fc.constant(undefined), tie("tree")),
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 2 }), tie("value"), { maxKeys: 4 }),
  ),
})).tree;
const input = fc.oneof(scalar, structure);

/** Says which inputs are one key, by the rules of the documentation and by nothing of the implementation. */
function isSame(left: unknown, right: unknown): boolean {
  if (isStructure(left) !== isStructure(right)) return false;
  return isStructure(left) ? isSameWithin(left, right) : topText(left) === topText(right);
}

function isStructure(value: unknown): boolean {
  return typeof value === "object" && !(value instanceof Date);
}

function topText(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value);
}

function isSameWithin(left: unknown, right: unknown): boolean {
  if (left instanceof Date) return isSameWithin(left.toISOString(), right);
  if (right instanceof Date) return isSameWithin(left, right.toISOString());
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item, at) => isSameWithin(item, right[at]));
  }
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null)
    return left === right;
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].every((name) => isSameWithin(own(left, name), own(right, name)));
}

function own(value: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

describe("normalizeKey", () => {
  it("gives different keys to inputs that differ, and one key to those that do not", () => {
    fc.assert(
      fc.property(input, input, (left, right) => {
        expect(normalizeKey(left) === normalizeKey(right)).toBe(isSame(left, right));
      }),
      { numRuns: RUNS },
    );
  });

  it("gives different keys to the same shape with one leaf changed", () => {
    fc.assert(
      fc.property(scalar, scalar, fc.constantFrom("object", "array"), (left, right, shape) => {
        const wrap = (leaf: unknown): unknown =>
          shape === "object" ? { a: [leaf], b: 1 } : [[leaf], 1];
        expect(normalizeKey(wrap(left)) === normalizeKey(wrap(right))).toBe(
          isSameWithin(left, right),
        );
      }),
      { numRuns: RUNS },
    );
  });

  it("does not depend on the order in which members were added", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.integer(), { noNullPrototype: true }), (object) => {
        const reversed = Object.fromEntries(Object.entries(object).toReversed());
        expect(normalizeKey(reversed)).toBe(normalizeKey(object));
      }),
      { numRuns: RUNS / 10 },
    );
  });

  it("keeps no key longer than 512 bytes, and different long inputs apart", () => {
    const long = fc.string({ unit: "binary", minLength: 60, maxLength: 900 });
    fc.assert(
      fc.property(long, long, (left, right) => {
        expect(Buffer.byteLength(normalizeKey(left))).toBeLessThanOrEqual(512);
        expect(Buffer.byteLength(normalizeKey({ left }))).toBeLessThanOrEqual(512);
        expect(normalizeKey(left) === normalizeKey(right)).toBe(left === right);
        expect(normalizeKey(`${left}a`)).not.toBe(normalizeKey(`${left}b`));
      }),
      { numRuns: RUNS / 10 },
    );
  });

  it("writes the forms that are documented", () => {
    expect(normalizeKey("42")).toBe("42");
    expect(normalizeKey(42)).toBe("42");
    expect(normalizeKey(42n)).toBe("42");
    expect(normalizeKey(-0)).toBe("0");
    expect(normalizeKey(true)).toBe("true");
    expect(normalizeKey("")).toBe("");
    expect(normalizeKey(new Date(0))).toBe("1970-01-01T00:00:00.000Z");
    expect(normalizeKey({ b: 2, a: "x", c: undefined })).toBe('{"a":"x","b":2}');
    expect(normalizeKey({ on: new Date(0), by: [1n, null, undefined] })).toBe(
      '{"by":[1n,null,undefined],"on":"1970-01-01T00:00:00.000Z"}',
    );
    expect(normalizeKey('{"a":1}')).toBe('"{\\"a\\":1}"');
  });

  it("shortens to a readable beginning and a hash, which no other string can have as its key", () => {
    const long = `search:${"x".repeat(600)}`;
    const hash = createHash("sha256").update(long, "utf16le").digest("base64url");
    const key = `search:${"x".repeat(57)}~${hash}`;
    expect(normalizeKey(long)).toBe(key);
    expect(normalizeKey(key)).toBe(JSON.stringify(key));
    // A pair across the end of the beginning is left whole.
    const pair = `${"x".repeat(63)}😀${"x".repeat(600)}`;
    expect(normalizeKey(pair)).toMatch(/^x{63}~[\w-]{43}$/);
    expect(normalizeKey(normalizeKey(pair))).toBe(JSON.stringify(normalizeKey(pair)));
  });

  it("takes plain objects of another realm, and members named __proto__", () => {
    expect(normalizeKey(runInNewContext("({ b: [1], a: new Date(0) })"))).toBe(
      normalizeKey({ a: new Date(0), b: [1] }),
    );
    expect(normalizeKey(JSON.parse('{"__proto__":1}'))).toBe('{"__proto__":1}');
    expect(normalizeKey(Object.assign(Object.create(null), { a: 1 }))).toBe('{"a":1}');
  });

  it("refuses what has no text of its own, without showing it", () => {
    const cycle: Record<string, unknown> = { secret: "hunter2" };
    cycle["self"] = cycle;
    const refused: readonly unknown[] = [
      undefined,
      null,
      NaN,
      Infinity,
      { at: -Infinity },
      () => "hunter2",
      Symbol("hunter2"),
      { ["hunter2"]: () => 1 },
      { [Symbol("hunter2")]: 1 },
      new Date(NaN),
      new Map([["hunter2", 1]]),
      new (class User {
        name = "hunter2";
      })(),
      Buffer.from("hunter2"),
      cycle,
      JSON.parse(`${"[".repeat(10_000)}${"]".repeat(10_000)}`),
    ];
    for (const each of refused) {
      expect(() => normalizeKey(each)).toThrow(InvalidArgumentError);
      expect(() => normalizeKey(each)).not.toThrow(/hunter2/);
    }
  });
});
