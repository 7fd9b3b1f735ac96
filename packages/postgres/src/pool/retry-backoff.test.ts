import { expect, test } from "vitest";
import { CommitUnknownError } from "../connection/transaction-errors.ts";
import { isRepeatable, retryDelayMs } from "./retry-backoff.ts";

const failure = (code: string, cause?: unknown): Error =>
  Object.assign(new Error("x", { cause }), { code });

test("serialization failures and deadlocks are repeatable, also inside of other errors", () => {
  expect(isRepeatable(failure("40001"))).toBe(true);
  expect(isRepeatable(failure("40P01"))).toBe(true);
  expect(isRepeatable(new Error("orm", { cause: failure("40001") }))).toBe(true);
  expect(isRepeatable(failure("P2034", failure("40001")))).toBe(true);
  expect(isRepeatable(failure("23505"))).toBe(false);
  expect(isRepeatable("40001")).toBe(false);
  expect(isRepeatable(undefined)).toBe(false);
});

test("an unknown COMMIT is not, whatever its cause", () => {
  expect(isRepeatable(new CommitUnknownError(failure("40001")))).toBe(false);
});

test("a cause that leads back to itself ends", () => {
  const error = new Error("round");
  error.cause = error;
  expect(isRepeatable(error)).toBe(false);
});

test("the pause is anything up to a bound that doubles until a second", () => {
  const longest = [0, 1, 2, 6, 7, 50, 5_000].map((attempt) => retryDelayMs(attempt, () => 1));
  expect(longest).toEqual([10, 20, 40, 640, 1_000, 1_000, 1_000]);
  expect(retryDelayMs(3, () => 0)).toBe(0);
  expect(retryDelayMs(3, () => 0.25)).toBe(20);
});
