import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { approximateSizeBytes } from "./approximate-size.ts";

async function usedBytes(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  for (let time = 0; time < 3; time += 1) {
    collect();
    // Memory outside of the heap is given back behind the collection.
    await new Promise(setImmediate);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** What `count` such values take each, by the engine's own account. */
async function measuredBytes(make: (nth: number) => unknown, count: number): Promise<number> {
  const kept: unknown[] = Array.from({ length: count });
  // Code and shapes are there before.
  for (let nth = 0; nth < 20; nth += 1) make(count + nth);
  const before = await usedBytes();
  for (let nth = 0; nth < count; nth += 1) kept[nth] = make(nth);
  const bytes = ((await usedBytes()) - before) / count;
  expect(kept.length).toBe(count);
  return bytes;
}

const fromJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
/** As a string that was read: one put together would still be made of its parts. */
const read = (text: string): string => Buffer.from(text).toString();

const row = (nth: number): object => ({
  id: nth,
  name: `a name of number ${nth}`,
  price: nth + 0.5,
  isActive: true,
  note: null,
});

describe("the approximate size", () => {
  it.each<[string, number, (nth: number) => unknown]>([
    ["a short text", 20_000, (nth) => read(`text ${nth} of twenty-odd`)],
    ["a long text", 500, (nth) => Buffer.alloc(10_000, `${nth} `).toString("latin1")],
    ["a wide text", 500, (nth) => Buffer.alloc(10_000, `${nth} ж`).toString("utf8")],
    ["a row", 5_000, (nth) => fromJson(row(nth))],
    ["a hundred rows", 100, (nth) => fromJson(list(100, (at) => row(nth * 100 + at)))],
    [
      "lists of rows within lists",
      20,
      (nth) => fromJson(list(100, () => ({ rows: list(20, (at) => row(nth + at)) }))),
    ],
    ["an array of integers", 200, (nth) => list(1_000, (at) => at + nth)],
    ["an array of fractions", 200, (nth) => list(1_000, (at) => at + nth + 0.5)],
    ["a buffer", 500, (nth) => Buffer.alloc(5_000, nth)],
    ["a small view", 5_000, (nth) => new Uint8Array(100).fill(nth)],
    ["a map", 200, (nth) => new Map(list(500, (at) => [read(`key ${nth} ${at}`), at]))],
    ["a set", 200, (nth) => new Set(list(500, (at) => read(`a member ${nth} ${at}`)))],
    ["a small dictionary", 200, (nth) => dictionary(50, (at) => `key ${nth} ${at}`)],
    ["a large dictionary", 20, (nth) => dictionary(2_000, (at) => `key ${nth} ${at}`)],
    ["a dictionary by id", 200, (nth) => dictionary(100, (at) => `${at * 7 + nth}`)],
    ["a list of dates", 200, (nth) => list(100, (at) => new Date(nth * at))],
  ])("of %s is within a factor of 1.5 of what it takes", async (_, count, make) => {
    const measured = await measuredBytes(make, count);
    const approximated = approximateSizeBytes(make(count));
    expect(approximated).toBeGreaterThan(measured / 1.5);
    expect(approximated).toBeLessThan(measured * 1.5);
  });

  it("of a list with a million rows is that of one row times a million, without a look at each", () => {
    let looks = 0;
    const rows = new Proxy(list(1_000_000, row), {
      get(target, name, receiver) {
        looks += 1;
        return Reflect.get(target, name, receiver) as unknown;
      },
    });
    const one = approximateSizeBytes(row(500_000));
    const all = approximateSizeBytes(rows);
    expect(all / (one + 8) / 1_000_000).toBeCloseTo(1, 1);
    expect(looks).toBeLessThan(1_000);
  });

  it("ends on values that contain themselves, share parts, or never end", () => {
    const cycle: Record<string, unknown> = { name: "x".repeat(1_000) };
    cycle["self"] = cycle;
    cycle["list"] = [cycle, cycle];
    expect(approximateSizeBytes(cycle)).toBeLessThan(1_300);
    let chain: unknown;
    for (let link = 0; link < 1_000_000; link += 1)
      chain = { chain, text: "twenty-four characters.." };
    expect(approximateSizeBytes(chain)).toBeGreaterThan(500_000);
    let wide: unknown = 1;
    for (let level = 0; level < 40; level += 1) wide = list(100, () => wide);
    expect(approximateSizeBytes(wide)).toBeLessThan(1_000_000);
  });

  it("asks no getter", () => {
    const value = {
      get secret(): string {
        throw new Error("asked");
      },
    };
    expect(approximateSizeBytes(value)).toBeLessThan(100);
  });

  it.each([undefined, null, true, 0, "", Symbol("s"), 1n, () => 1])(
    "of %s is a small number",
    (value) => {
      expect(approximateSizeBytes(value)).toBeLessThan(100);
      expect(approximateSizeBytes(value)).toBeGreaterThanOrEqual(0);
    },
  );
});

function list<T>(length: number, make: (at: number) => T): T[] {
  return Array.from({ length }, (_, at) => make(at));
}

function dictionary(length: number, name: (at: number) => string): unknown {
  return fromJson(Object.fromEntries(list(length, (at) => [name(at), at])));
}
