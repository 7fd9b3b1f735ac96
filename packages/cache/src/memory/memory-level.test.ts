import { InvalidArgumentError } from "@upshift/foundation";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMemoryLevel } from "./memory-level.ts";

const EVICTIONS = ["lru", "s3fifo"] as const;
const RUNS = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 1_500 : 300;

interface Entry {
  readonly id: number;
}

type Step =
  | { readonly do: "set"; readonly name: string; readonly key: string; readonly sizeBytes: number }
  | { readonly do: "get" | "delete"; readonly name: string; readonly key: string }
  | { readonly do: "clear"; readonly name: string }
  | { readonly do: "clearAll" };

const someName = fc.constantFrom("user", "price", "page");
const someKey = fc.integer({ min: 0, max: 30 }).map(String);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("set" as const),
      name: someName,
      key: someKey,
      sizeBytes: fc.oneof(fc.constant(7), fc.integer({ min: 0, max: 60 })),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("get" as const), name: someName, key: someKey }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("delete" as const), name: someName, key: someKey }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const), name: someName }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("clearAll" as const) }) },
);

describe.each(EVICTIONS)("a memory level that evicts by %s", (eviction) => {
  it("holds its bounds, knows its size and evictions exactly, and gives back the last entry that was set or none", () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 24 }),
        fc.option(fc.integer({ min: 1, max: 200 }), { nil: undefined }),
        (steps, maxEntries, maxBytes) => {
          const level = createMemoryLevel<Entry>({
            maxEntries,
            eviction,
            ...(maxBytes === undefined ? {} : { maxBytes }),
          });
          // What was set last and not deleted, whether it was evicted since or not.
          const model = new Map<string, { readonly entry: Entry; readonly sizeBytes: number }>();
          let evicted = 0;
          const kept = (): string[] =>
            ["user", "price", "page"].flatMap((each) =>
              [...level.open(each).keys()].map((found) => `${each}:${found}`),
            );
          for (const [id, at] of steps.entries()) {
            const before = new Set(kept());
            const claims: boolean[] = [];
            switch (at.do) {
              case "set": {
                const entry = { id };
                const full = `${at.name}:${at.key}`;
                level.open(at.name).set(at.key, entry, at.sizeBytes);
                model.set(full, { entry, sizeBytes: at.sizeBytes });
                const after = new Set(kept());
                const fits = maxBytes === undefined || at.sizeBytes <= maxBytes;
                claims.push(after.has(full) === fits);
                for (const each of before) if (each !== full && !after.has(each)) evicted += 1;
                break;
              }
              case "get": {
                const found = level.open(at.name).get(at.key);
                const full = `${at.name}:${at.key}`;
                claims.push(found === (before.has(full) ? model.get(full)?.entry : undefined));
                break;
              }
              case "delete":
                claims.push(
                  level.open(at.name).delete(at.key) === before.has(`${at.name}:${at.key}`),
                  level.open(at.name).get(at.key) === undefined,
                );
                break;
              case "clear":
                level.open(at.name).clear();
                claims.push(level.open(at.name).size === 0);
                break;
              case "clearAll":
                level.clear();
                claims.push(kept().length === 0);
                break;
            }
            expect(claims).not.toContain(false);
            const now = kept();
            expect(level.entryCount).toBe(now.length);
            expect(level.entryCount).toBeLessThanOrEqual(maxEntries);
            const sizes = now.map((full) => model.get(full)?.sizeBytes ?? NaN);
            expect(level.sizeBytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
            expect(level.sizeBytes).toBeLessThanOrEqual(maxBytes ?? Infinity);
            expect(level.evictedCount).toBe(evicted);
            expect(["user", "price", "page"].map((each) => level.open(each).size)).toEqual(
              ["user", "price", "page"].map(
                (each) => now.filter((full) => full.startsWith(`${each}:`)).length,
              ),
            );
          }
        },
      ),
      { numRuns: RUNS },
    );
  });

  it("keeps an entry under each definition apart, and one budget over all", () => {
    const level = createMemoryLevel<Entry>({ maxEntries: 2, eviction });
    level.open("user").set("1", { id: 1 }, 1);
    level.open("price").set("1", { id: 2 }, 1);
    expect(level.open("user").get("1")).toEqual({ id: 1 });
    expect(level.open("price").get("1")).toEqual({ id: 2 });
    level.open("page").set("1", { id: 3 }, 1);
    expect(level.entryCount).toBe(2);
    expect(level.evictedCount).toBe(1);
  });

  it("lets go of a value that grew beyond the whole budget", () => {
    const index = createMemoryLevel<Entry>({ maxBytes: 10, eviction }).open("user");
    index.set("1", { id: 1 }, 4);
    index.set("1", { id: 2 }, 11);
    expect(index.get("1")).toBeUndefined();
  });

  it("keeps the entries that are used all the time while thousands pass by once", () => {
    const index = createMemoryLevel<Entry>({ maxEntries: 100, eviction }).open("user");
    for (let hot = 0; hot < 20; hot += 1) index.set(`hot${hot}`, { id: hot }, 1);
    for (let round = 0; round < 2_000; round += 1) {
      for (let hot = 0; hot < 20; hot += 1) expect(index.get(`hot${hot}`)).toEqual({ id: hot });
      index.set(`cold${round}`, { id: round }, 1);
    }
  });

  it("holds no more than it says when everything passes by once: no list grows with what is gone", () => {
    const level = createMemoryLevel<Entry>({ maxEntries: 10, eviction });
    for (let round = 0; round < 5_000; round += 1)
      level.open(`definition ${round % 3}`).set(`cold${round}`, { id: round }, 1);
    expect(level.entryCount).toBe(10);
    expect(level.evictedCount).toBe(4_990);
  });

  it("refuses sizes that are not numbers, which would spoil every later sum", () => {
    const index = createMemoryLevel<Entry>({ maxBytes: 10, eviction }).open("user");
    for (const wrong of [NaN, -1, Infinity])
      expect(() => index.set("1", { id: 1 }, wrong)).toThrow(InvalidArgumentError);
    expect(index.size).toBe(0);
  });
});

it("lru evicts in the strict order of use when the cache is small", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 300 }),
      (maxEntries, keys) => {
        const index = createMemoryLevel<Entry>({ maxEntries }).open("user");
        // Most recent last.
        const model: string[] = [];
        for (const [id, at] of keys.entries()) {
          const used = `${at}`;
          const place = model.indexOf(used);
          expect(index.get(used) !== undefined).toBe(place >= 0);
          if (place >= 0) model.splice(place, 1);
          else index.set(used, { id }, 1);
          model.push(used);
          if (model.length > maxEntries) model.shift();
          expect([...index.keys()].toSorted()).toEqual(model.toSorted());
        }
      },
    ),
    { numRuns: RUNS },
  );
});

it("lru evicts none before those whose last use lies more than a sixteenth of the cache further back", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 256, max: 400 }),
      fc.array(fc.integer({ min: 0, max: 600 }), { minLength: 1_500, maxLength: 2_500 }),
      (maxEntries, keys) => {
        const index = createMemoryLevel<Entry>({ maxEntries }).open("user");
        // Key -> how many had been added at its last use.
        const lastUses = new Map<string, number>();
        let added = 0;
        let worst = 0;
        for (const [id, at] of keys.entries()) {
          const used = `${at}`;
          if (index.get(used) === undefined) {
            added += 1;
            index.set(used, { id }, 1);
            const left = new Set(index.keys());
            const gone = [...lastUses].filter(([key]) => !left.has(key));
            for (const [key, lastUse] of gone) {
              lastUses.delete(key);
              worst = Math.max(worst, lastUse - Math.min(...lastUses.values()));
            }
          }
          lastUses.set(used, added);
        }
        expect(added).toBeGreaterThan(maxEntries);
        expect(worst).toBeLessThanOrEqual(maxEntries / 16);
      },
    ),
    { numRuns: Math.ceil(RUNS / 150) },
  );
});

it("s3fifo brings back to stay what returns soon after it went", () => {
  const index = createMemoryLevel<Entry>({ maxEntries: 10, eviction: "s3fifo" }).open("user");
  for (let id = 0; id < 11; id += 1) index.set(`${id}`, { id }, 1);
  expect(index.get("0")).toBeUndefined();
  index.set("0", { id: 0 }, 1);
  for (let id = 100; id < 500; id += 1) index.set(`${id}`, { id }, 1);
  expect(index.get("0")).toEqual({ id: 0 });
});

it("refuses bounds that cannot be held", () => {
  for (const wrong of [0, -1, 1.5, NaN, Infinity]) {
    expect(() => createMemoryLevel({ maxEntries: wrong })).toThrow(InvalidArgumentError);
    expect(() => createMemoryLevel({ maxBytes: wrong })).toThrow(InvalidArgumentError);
  }
  expect(() => createMemoryLevel({ eviction: "fifo" as "lru" })).toThrow(InvalidArgumentError);
});
