import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ColumnType } from "../../catalog/table-facts.ts";
import { jsonNull } from "./json-null.ts";
import { quoteElement, valueTextOf } from "./value-text.ts";

const type = (baseName: string, element?: string, delimiter = ","): ColumnType => ({
  oid: 1,
  sqlName: baseName,
  arraySqlName: undefined,
  displayName: baseName,
  kind: "base",
  isArray: element !== undefined,
  baseName,
  baseSqlName: baseName,
  isBaseArray: element !== undefined,
  isBaseComposite: false,
  delimiter: ",",
  element: element === undefined ? undefined : { baseName: element, delimiter },
});

describe("values as text", () => {
  test("what is text already stays as it is", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(valueTextOf(type("text"))(text)).toBe(text);
      }),
    );
  });

  test("JSON reads back as the value, whatever it is", () => {
    const json = valueTextOf(type("jsonb"));
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(json(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(json(jsonNull)).toBe("null");
  });

  test("arrays nest, take NULL and holes, and end at JSON", () => {
    expect(
      valueTextOf(type("_int4", "int4"))([
        [1, null],
        [undefined, 4],
      ]),
    ).toBe('{{"1",NULL},{NULL,"4"}}');
    expect(valueTextOf(type("_jsonb", "jsonb"))([[1, null], null])).toBe('{"[1,null]",NULL}');
    expect(valueTextOf(type("_box", "box", ";"))(["(1,1),(0,0)", "(2,2),(0,0)"])).toBe(
      '{"(1,1),(0,0)";"(2,2),(0,0)"}',
    );
    expect(valueTextOf(type("_bytea", "bytea"))([new Uint8Array([0, 255])])).toBe('{"\\\\x00ff"}');
    expect(valueTextOf(type("_int8", "int8"))(new BigInt64Array([5n]))).toBe('{"5"}');
    expect(valueTextOf(type("_text", "text"))("{as,it,is}")).toBe("{as,it,is}");
  });

  test("an object that says how it is written is asked", () => {
    const interval = { toPostgres: () => "1 day" };
    expect(valueTextOf(type("interval"))(interval)).toBe("1 day");
    const failing = {
      toPostgres() {
        throw new RangeError("mine");
      },
    };
    expect(() => valueTextOf(type("interval"))(failing)).toThrow("mine");
  });

  test.each([() => 1, Symbol("x")])("%s is refused", (value) => {
    expect(() => valueTextOf(type("text"))(value)).toThrow(/cannot take/);
    expect(() => valueTextOf(type("json"))(value)).toThrow(/cannot take/);
  });

  test("a quoted element reads back by the rules of array literals", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", '"', "\\", "{", "}", ",", " ", "\n") }),
        (text) => {
          const quoted = quoteElement(text);
          expect(quoted).toMatch(/^"(?:[^"\\]|\\.)*"$/s);
          expect(quoted.slice(1, -1).replaceAll(/\\(.)/gs, "$1")).toBe(text);
        },
      ),
    );
  });
});
