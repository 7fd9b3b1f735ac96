import { createMemoryRedis } from "@upshift/redis/testing";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseGlob } from "./glob.ts";

const RUNS = process.env["UPSHIFT_TEST_SCALE"] === "full" ? 20_000 : 1_000;

// What Redis 7.0.15 answers to KEYS where these names are its keys.
const NAMES = [
  "",
  "a",
  "b",
  "ab",
  "abc",
  "a*c",
  "a-c",
  "a]c",
  "a[c",
  "é",
  "éa",
  "😀",
  "a\\",
  "^",
  "-",
];
const MATCHED: readonly (readonly [glob: string, names: readonly string[]])[] = [
  ["*", NAMES],
  ["a*", ["a", "ab", "abc", "a*c", "a-c", "a]c", "a[c", "a\\"]],
  ["a?c", ["abc", "a*c", "a-c", "a]c", "a[c"]],
  ["a[b-]c", ["ab"]],
  ["a[c-a]c", ["abc"]],
  [String.raw`a\*c`, ["a*c"]],
  [String.raw`a[\]]c`, ["a]c"]],
  ["a[^b]c", ["a*c", "a-c", "a]c", "a[c"]],
  ["a[]c", []],
  ["a[^]c", ["abc", "a*c", "a-c", "a]c", "a[c"]],
  ["??", ["ab", "é", "a\\"]],
  ["????", ["😀"]],
  ["[ab", ["a", "b"]],
  ["a\\", ["a\\"]],
  ["[^a]", ["b", "^", "-"]],
  ["**b**", ["b", "ab", "abc"]],
];

describe("a pattern", () => {
  it.each(MATCHED)("%s matches what Redis would", (glob, names) => {
    expect(NAMES.filter((name) => parseGlob(glob).test(name))).toEqual(names);
  });

  it("matches what the server in memory would, whatever it is", async () => {
    const redis = createMemoryRedis();
    const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "-", "é"), maxLength: 8 });
    const glob = fc.string({
      unit: fc.constantFrom("a", "b", "c", "*", "?", "[", "]", "^", "-", "\\", "é"),
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(text, glob, async (name, pattern) => {
        await redis.send(["FLUSHALL"]);
        await redis.send(["SET", name, "1"]);
        const reply = await redis.send(["SCAN", "0", "MATCH", pattern]);
        const keys: unknown = Array.isArray(reply) ? reply[1] : undefined;
        expect(parseGlob(pattern).test(name)).toBe(Array.isArray(keys) && keys.length === 1);
      }),
      { seed: 5, numRuns: RUNS },
    );
  });

  it("with many stars takes no longer than its length times that of the name", () => {
    expect(parseGlob(`${"*a".repeat(200)}b`).test("a".repeat(5_000))).toBe(false);
  });
});
