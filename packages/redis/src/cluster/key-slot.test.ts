import * as fc from "fast-check";
import { expect, it } from "vitest";
import { keySlot } from "./key-slot.ts";

it("knows the slots that the specification and redis-cli name", () => {
  // Redis Cluster specification, appendix A: CRC16 of "123456789" is 0x31C3, which is 12739.
  expect(keySlot("123456789")).toBe(12_739);
  // `CLUSTER KEYSLOT` of redis 7.0.15
  expect(keySlot("foo")).toBe(12_182);
  expect(keySlot("")).toBe(0);
});

it("hashes only what stands between the first braces, unless nothing does", () => {
  expect(keySlot("{user1000}.following")).toBe(keySlot("user1000"));
  expect(keySlot("foo{}{bar}")).not.toBe(keySlot("bar"));
  expect(keySlot("foo{{bar}}zap")).toBe(keySlot("{bar"));
  expect(keySlot("foo{bar}{zap}")).toBe(keySlot("bar"));
  // `CLUSTER KEYSLOT` of redis 7.0.15; cluster-key-slot 1.1.2, which the client libraries use, says 0.
  expect(keySlot("{}}")).toBe(14_790);
  expect(keySlot("ключ{ю}")).toBe(keySlot("ю"));
});

it("gives a key the same slot as text and as bytes", () => {
  const key = fc.string({
    unit: fc.oneof(
      fc.constantFrom("{", "}", "a"),
      fc.string({ unit: "binary", minLength: 1, maxLength: 3 }),
    ),
    maxLength: 20,
  });
  fc.assert(
    fc.property(key, (text) => {
      expect(keySlot(text)).toBe(keySlot(Buffer.from(text)));
    }),
    { seed: 20_261_122, numRuns: 500 },
  );
});
