import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Field, json, nullable, optional } from "./field.ts";
import { decodeField, encodeField } from "./field-text.ts";

const anyJson = json((value) => value);

describe("a value reads back as it was", () => {
  const cases: readonly [string, Field, fc.Arbitrary<unknown>][] = [
    ["string", "string", fc.string({ unit: "binary" })],
    ["string that begins with NUL", "string", fc.string().map((text) => `\0${text}`)],
    ["number", "number", fc.double()],
    ["boolean", "boolean", fc.boolean()],
    ["bigint", "bigint", fc.bigInt()],
    ["date", "date", fc.date({ noInvalidDate: true })],
    ["json", anyJson, fc.jsonValue().filter((value) => !Object.is(value, -0))],
    ["null", nullable("string"), fc.constantFrom(null, "", "\0", "\0\0", "null")],
    ["optional", optional("string"), fc.string()],
  ];
  test.each(cases)("%s", (_name, field, values) => {
    fc.assert(
      fc.property(values, (value) => {
        const text = encodeField("f", field, value);
        const back = decodeField("k", "f", field, text);
        expect(back).toEqual(field === anyJson ? JSON.parse(text) : value);
      }),
    );
  });
});

test("equal JSON has equal text, whatever order its keys were set in", () => {
  expect(encodeField("f", anyJson, { b: [{ y: 1, x: 2 }], a: null })).toBe(
    '{"a":null,"b":[{"x":2,"y":1}]}',
  );
  expect(encodeField("f", anyJson, { a: null, b: [{ x: 2, y: 1 }] })).toBe(
    '{"a":null,"b":[{"x":2,"y":1}]}',
  );
});

test.each([
  ["string", 7],
  ["number", "7"],
  ["number", null],
  ["boolean", 1],
  ["bigint", 1],
  ["date", "2026-01-01"],
  ["date", new Date(Number.NaN)],
] as const)("a %s is not %s, and its value is not in the error", (field, value) => {
  expect(() => encodeField("age", field, value)).toThrow(/`age`/);
});

test.each([
  ["number", "seven"],
  ["number", ""],
  ["boolean", "yes"],
  ["bigint", "1.5"],
  ["date", "soon"],
  [json((value) => value), "{"],
] as const)(
  "text that is no %s is an error with the field's name, without the text",
  (field, text) => {
    expect(() => decodeField("user:1", "age", field, text)).toThrow(
      expect.objectContaining({
        code: "UPSHIFT_HASH_FIELD",
        message: expect.stringMatching(/"age" of "user:1"/),
      }),
    );
  },
);
