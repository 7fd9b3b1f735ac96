import { expect, test } from "vitest";
import { poolSize } from "./pool-size.ts";

test("is four for each core, or what was asked, and never more than the share of the budget", () => {
  expect(poolSize({ coreCount: 2 })).toBe(8);
  expect(poolSize({ coreCount: 2, max: 20 })).toBe(20);
  expect(poolSize({ coreCount: 8, budget: { connections: 100, instances: 7 } })).toBe(14);
  expect(poolSize({ coreCount: 2, budget: { connections: 100, instances: 7 } })).toBe(8);
  expect(poolSize({ coreCount: 2, max: 50, budget: { connections: 90, instances: 3 } })).toBe(30);
});

test.each([
  [{ max: 0 }, /`max`/],
  [{ max: 1.5 }, /`max`/],
  [{ budget: { connections: 0, instances: 1 } }, /`budget.connections`/],
  [{ budget: { connections: 5, instances: 0 } }, /`budget.instances`/],
  [{ budget: { connections: 5, instances: 6 } }, /at least one connection/],
])("%j is refused", (options, message) => {
  expect(() => poolSize({ coreCount: 2, ...options })).toThrow(message);
});
