import { expect, test } from "vitest";
import { storeSize } from "../store-size.ts";
import { createDraws } from "./draws.ts";
import { storeWorkload } from "./store-workload.ts";

test("there are at least 30 distinct queries, each named once", () => {
  const texts = new Set(storeWorkload.map(({ text }) => text.replaceAll(/\s+/g, " ")));
  expect(texts.size).toBe(storeWorkload.length);
  expect(new Set(storeWorkload.map(({ name }) => name)).size).toBe(storeWorkload.length);
  expect(storeWorkload.length).toBeGreaterThanOrEqual(30);
});

test("every query is given as many values as it has parameters", () => {
  for (const query of storeWorkload) {
    const numbers = [...query.text.matchAll(/\$(\d+)/g)].map((match) => Number(match[1]));
    const values = query.values(createDraws(1), storeSize(1));
    expect([query.name, values.length]).toEqual([query.name, Math.max(0, ...numbers)]);
  }
});

test("what writes is marked, so that it is rolled back", () => {
  for (const { name, text, writes } of storeWorkload)
    expect([name, writes === true]).toEqual([name, !text.startsWith("SELECT")]);
});

test("draws with one seed are the same, and stay in their range", () => {
  const first = createDraws(7);
  const second = createDraws(7);
  for (let draw = 0; draw < 1000; draw++) {
    const id = first.popular(120, 3);
    expect(second.popular(120, 3)).toBe(id);
    expect(id).toBeGreaterThanOrEqual(1);
    expect(id).toBeLessThanOrEqual(120);
  }
  expect(createDraws(8).next()).not.toBe(createDraws(7).next());
  expect(createDraws(1).daysAgo(30)).toBe("2026-06-01T00:00:00.000Z");
});
