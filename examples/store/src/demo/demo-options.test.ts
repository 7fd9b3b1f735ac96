import { expect, test } from "vitest";
import { parseDemoOptions } from "./demo-options.ts";

test("without arguments the shop has full size, in colour, and nothing is kept", () => {
  expect(parseDemoOptions([], {})).toEqual({ help: false, keep: false, scale: 1, color: true });
});

test("NO_COLOR counts when it is not empty", () => {
  expect(parseDemoOptions([], { NO_COLOR: "" }).color).toBe(true);
  expect(parseDemoOptions([], { NO_COLOR: "1" }).color).toBe(false);
});

test.each([["--scale", "0"], ["--scale", "much"], ["--unknown"], ["extra"]])(
  "%s %s is refused before anything is started",
  (...args) => {
    expect(() => parseDemoOptions(args, {})).toThrow(
      expect.objectContaining({ code: "UPSHIFT_INVALID_ARGUMENT" }),
    );
  },
);
