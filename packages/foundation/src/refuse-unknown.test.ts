import { expect, it } from "vitest";
import { assertClock, assertTimerClock } from "./assert-clock.ts";
import { assertFunctions } from "./assert-functions.ts";
import { systemClock } from "./clock.ts";
import { InvalidArgumentError } from "./invalid-argument-error.ts";
import { refuseUnknown } from "./refuse-unknown.ts";

const NAMES = new Set(["ttl", "wait"]);

it("options have the names that there are", () => {
  expect(() => refuseUnknown("lock", { ttl: 1, wait: 2 }, NAMES)).not.toThrow();
  expect(() => refuseUnknown("lock", { tll: 1 }, NAMES)).toThrow(
    'Expected one of ttl, wait in the options of `lock`, got "tll"',
  );
});

it.each([
  ["redis://user:secret@host", "a string"],
  [null, "null"],
  [5, "a number"],
  [["ttl"], "an array"],
  [Promise.resolve({}), "a promise"],
  [() => ({}), "a function"],
])("options that are none are refused by what they are: %s", (options, kind) => {
  expect(() => refuseUnknown("lock", options, NAMES)).toThrow(
    `Expected the options of \`lock\` as an object, got "${kind}"`,
  );
});

it("functions are functions, or not there", () => {
  expect(() => assertFunctions({ load: () => 1, key: undefined })).not.toThrow();
  expect(() => assertFunctions({ load: Promise.resolve(1) })).toThrow(
    'Expected `load` as a function, got "a promise"',
  );
});

it("a clock tells the time, and calls back where that is needed", () => {
  expect(() => assertTimerClock(systemClock)).not.toThrow();
  expect(() => assertClock({ now: () => 0 })).not.toThrow();
  expect(() => assertClock(null)).toThrow("`clock` with `now()`");
  expect(() => assertTimerClock({ now: () => 0 })).toThrow("`after(delayMs, run)`");
});

it("an argument without a text is named by what it is", () => {
  expect(new InvalidArgumentError("`ttl`", Object.create(null)).message).toBe(
    "Expected `ttl`, got an object",
  );
  expect(new InvalidArgumentError("`ttl`", () => "secret").message).toBe(
    "Expected `ttl`, got a function",
  );
});
