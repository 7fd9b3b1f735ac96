import { expect, test } from "vitest";
import { errorCode, isInTheWay, isRowError, isTransient } from "./failure-kind.ts";

function failure(code: string, cause?: unknown): Error {
  return Object.assign(new Error("it failed", { cause }), { code });
}

function kindOf(error: unknown): string {
  if (isTransient(error)) return "transient";
  if (isInTheWay(error)) return "in the way";
  return isRowError(error) ? "row" : "other";
}

test.each([
  ["08006", "transient"],
  ["53300", "transient"],
  ["57P01", "transient"],
  ["58030", "transient"],
  ["ECONNREFUSED", "transient"],
  ["UPSHIFT_POOL_TIMEOUT", "transient"],
  ["UPSHIFT_REDIS_TIMEOUT", "transient"],
  ["40001", "in the way"],
  ["40P01", "in the way"],
  ["55P03", "in the way"],
  ["57014", "in the way"],
  ["UPSHIFT_WRITE_BEHIND_TIMEOUT", "in the way"],
  ["40002", "other"],
  ["22001", "row"],
  ["23505", "row"],
  ["UPSHIFT_BAD_ROW", "row"],
  ["42P01", "other"],
  ["UPSHIFT_WRITE_BEHIND_MODE", "other"],
])("%s is %s, also where it is the cause of another", (code, kind) => {
  expect(kindOf(failure(code))).toBe(kind);
  const wrapped = kindOf(failure("UPSHIFT_PARTIAL_WRITE", failure(code)));
  expect(wrapped).toBe(kind === "row" ? "other" : kind);
});

test("a connection that pg lost without a code is transient, and no other text is", () => {
  expect(isTransient(new Error("Connection terminated unexpectedly"))).toBe(true);
  expect(isTransient(new Error("the Connection terminated"))).toBe(false);
  expect(isTransient("Connection terminated")).toBe(false);
});

test("an error that is its own cause ends the search", () => {
  const error = new Error("round");
  error.cause = error;
  expect(isTransient(error)).toBe(false);
});

test("of an error its code is kept, or its name", () => {
  expect(errorCode(failure("23505"))).toBe("23505");
  expect(errorCode(new TypeError("secret"))).toBe("TypeError");
  expect(errorCode("secret")).toBe("unknown");
});
