import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DocumentOptions, type StreamFormat, streamDocument } from "./stream-format.ts";

const PLAIN: DocumentOptions = {
  onEnd: "none",
  columns: undefined,
  header: true,
  formulaGuard: false,
};

function write(
  format: StreamFormat,
  values: readonly unknown[],
  options: Partial<DocumentOptions> = {},
): string {
  const document = streamDocument(format, { ...PLAIN, ...options });
  const lines = values.map((value, index) => document.value.bind(document, value, index));
  return [
    document.start(values[0]),
    ...lines.map((line) => line()),
    document.end(values.length),
  ].join("");
}

describe("documents", () => {
  test("any JSON values read back from NDJSON and a JSON array", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (values) => {
        const expected = JSON.parse(JSON.stringify(values));
        expect(JSON.parse(write("json", values))).toEqual(expected);
        const lines = write("ndjson", values).split("\n");
        expect(lines.pop()).toBe("");
        expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(expected);
      }),
      { seed: 2 },
    );
  });

  test("what has no JSON is null", () => {
    expect(write("json", [undefined, () => 1, Number.NaN])).toBe("[null,null,null]");
    expect(write("ndjson", [undefined])).toBe("null\n");
  });

  test("a marker tells the end", () => {
    expect(write("ndjson", [1, 2], { onEnd: "marker" })).toBe('1\n2\n{"$end":true,"rows":2}\n');
    expect(write("json", [1], { onEnd: "marker" })).toBe('{"data":[1],"complete":true}');
    expect(write("json", [], { onEnd: "marker" })).toBe('{"data":[],"complete":true}');
  });

  test("cells of CSV are quoted where they must be", () => {
    const rows = [
      { a: 'say "hi"', b: "x,y", c: "two\nlines", d: null, e: undefined, f: 1.5, g: true },
      { a: " padded ", b: new Date(0), c: { n: [1] }, d: 10n, e: "", f: "-1", extra: "left out" },
    ];
    expect(write("csv", rows)).toBe(
      'a,b,c,d,e,f,g\r\n"say ""hi""","x,y","two\nlines",,,1.5,true\r\n" padded ",1970-01-01T00:00:00.000Z,"{""n"":[1]}",10,,-1,\r\n',
    );
  });

  test("what is null in JSON is an empty cell, as null is", () => {
    const cells = [new Date(Number.NaN), { toJSON: () => null }, null, 1];
    expect(write("csv", [cells])).toBe(",,,1\r\n");
  });

  test("columns of CSV can be named, left without a header, or come as arrays", () => {
    expect(write("csv", [{ a: 1, b: 2 }], { columns: ["b", "a"] })).toBe("b,a\r\n2,1\r\n");
    expect(write("csv", [{ a: 1 }], { header: false })).toBe("1\r\n");
    expect(write("csv", [["x", 1]], { columns: ["name", "n"] })).toBe("name,n\r\nx,1\r\n");
    expect(write("csv", [], { columns: ["a"] })).toBe("a\r\n");
    expect(write("csv", [])).toBe("");
  });

  test("only a value's own properties are cells", () => {
    expect(write("csv", [{ a: 1 }], { columns: ["a", "constructor", "__proto__"] })).toBe(
      "a,constructor,__proto__\r\n1,,\r\n",
    );
  });

  test("formulas can be disarmed, and numbers stay numbers", () => {
    const cells = ["=1+1", "@sum", "-5", "+4915112345", "\t=x", "＝1", "plain", "-5+x"];
    expect(write("csv", [cells], { formulaGuard: true })).toBe(
      "'=1+1,'@sum,-5,+4915112345,'\t=x,'＝1,plain,'-5+x\r\n",
    );
  });
});
