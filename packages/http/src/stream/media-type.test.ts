import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseType, parseAccept } from "./media-type.ts";

const TYPES = [["application/json"], ["application/x-ndjson", "application/ndjson"], ["text/csv"]];

describe("the type of an answer", () => {
  test.each([
    [undefined, 0],
    ["", 0],
    ["*/*", 0],
    ["text/csv", 2],
    ["TEXT/CSV", 2],
    ["text/*", 2],
    ["application/ndjson", 1],
    ["text/csv;q=0.5, application/json;q=0.4", 2],
    ["application/json;q=0, */*", 1],
    ["application/json;q=0, application/*;q=0.1, text/csv;q=0.05", 1],
    ["text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", 0],
    ["image/png", undefined],
    ["application/json;q=0", undefined],
    ["text/csv;q=2", undefined],
    ["text/csv;header=absent;q=0.5", 2],
    ["text/csv/x, ;;;, =, text/csv", 2],
  ])("for %s it is number %s", (header, index) => {
    expect(chooseType(header, TYPES)).toBe(index);
  });

  test("parameters are read, quoted ones too, and `q` is none of them", () => {
    expect(parseAccept('application/json; Envelope="a\\"b"; q=0.3')).toEqual([
      {
        range: "application/json",
        parameters: new Map([["envelope", 'a"b']]),
        quality: 0.3,
      },
    ]);
  });

  test("whatever a header says, it is read and little of it", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 5_000 }), (header) => {
        expect(parseAccept(header).length).toBeLessThanOrEqual(32);
      }),
      { seed: 1 },
    );
    expect(parseAccept("a/b,".repeat(10_000)).length).toBe(32);
  });
});
