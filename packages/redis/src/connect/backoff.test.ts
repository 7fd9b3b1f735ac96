import { expect, it } from "vitest";
import { backoffMs } from "./backoff.ts";

it("doubles up to the longest delay, and takes any part of it", () => {
  const backoff = { minDelayMs: 50, maxDelayMs: 2_000 };
  expect([0, 1, 2, 5, 6, 100].map((attempt) => backoffMs(backoff, attempt, 1))).toEqual([
    50, 100, 200, 1_600, 2_000, 2_000,
  ]);
  expect(backoffMs(backoff, 3, 0.25)).toBe(100);
  expect(backoffMs(backoff, 3, 0)).toBe(0);
});
