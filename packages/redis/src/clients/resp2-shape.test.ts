import { expect, it } from "vitest";
import { resp2Shape } from "./resp2-shape.ts";

it("makes of RESP3 what RESP2 would have given", () => {
  expect(
    resp2Shape("ZRANGE", [
      ["a", "1"],
      ["b", "2"],
    ]),
  ).toEqual(["a", "1", "b", "2"]);
  expect(resp2Shape("zpopmin", [["a", "1"]])).toEqual(["a", "1"]);
  expect(resp2Shape("XREAD", ["s", [["1-1", ["f", "v"]]], "t", []])).toEqual([
    ["s", [["1-1", ["f", "v"]]]],
    ["t", []],
  ]);
  expect(resp2Shape("EVAL", [true, [false, "x"], null])).toEqual([1, [0, "x"], null]);
});

it("leaves alone what is of RESP2 already, or of commands whose arrays are meant", () => {
  for (const [command, reply] of [
    ["ZRANGE", ["a", "1"]],
    ["XREAD", [["s", [["1-1", ["f", "v"]]]]]],
    ["EVAL", [["a", "1"]]],
    ["GET", "x"],
    ["GET", null],
    ["ZRANGE", []],
    ["GET", Buffer.from("x")],
  ] as const)
    expect(resp2Shape(command, reply)).toEqual(reply);
});
