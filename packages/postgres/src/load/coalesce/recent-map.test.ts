import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RecentMap } from "./recent-map.ts";

test("never holds more than its limit, and always the half of it that was used last", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30), { maxLength: 300 }), (keys) => {
      const limit = 8;
      const map = new RecentMap<number, string>(limit);
      const used: number[] = [];
      for (const key of keys) {
        const known = map.get(key);
        if (known === undefined) map.set(key, `value ${key}`);
        expect([undefined, `value ${key}`]).toContain(known);
        used.push(key);
        expect(map.size).toBeLessThanOrEqual(limit);
        const latest = [...new Set(used.toReversed())].slice(0, limit / 2);
        const held = latest.filter((recent) => map.has(recent));
        expect(held).toEqual(latest);
      }
    }),
    { seed: 5 },
  );
});

test("what was deleted is gone", () => {
  const map = new RecentMap<string, number>(4);
  for (const key of ["a", "b", "c"]) map.set(key, 1);
  map.delete("a");
  map.delete("c");
  expect([map.get("a"), map.get("b"), map.get("c"), map.size]).toEqual([
    undefined,
    1,
    undefined,
    1,
  ]);
});
