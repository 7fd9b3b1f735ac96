import * as fc from "fast-check";
import { expect, test } from "vitest";
import { assertJobData } from "./job-data.ts";

const refusal = (data: unknown, maxBytes = 1_000, isKeptAsText = true): unknown => {
  try {
    assertJobData("q", data, { maxBytes, isKeptAsText });
    return undefined;
  } catch (error) {
    return (error as { details?: unknown }).details;
  }
};

test("what is let through comes out of JSON as it went in, and is no larger than it may be; what is not, does not or is", () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSparseArray: true,
    maxDepth: 4,
  });
  const data = fc.oneof(fc.jsonValue(), anything);
  fc.assert(
    fc.property(data, fc.integer({ min: 1, max: 200 }), (value, maxBytes) => {
      if (refusal(value, maxBytes) !== undefined) return;
      if (value === undefined) return;
      const text = JSON.stringify(value);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes);
      // JSON has no -0, no prototypes, and leaves out what is undefined.
      const back: unknown = JSON.parse(text);
      expect(plain(value)).toEqual(back);
    }),
    { seed: 20_261_122, numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 1, max: 200 }), (value, maxBytes) => {
      const isTooLarge = Buffer.byteLength(JSON.stringify(value)) > maxBytes;
      expect(refusal(value, maxBytes) !== undefined).toBe(isTooLarge);
    }),
    { seed: 20_261_122, numRuns: 500 },
  );
});

/** Without the zero's sign. */
function plain(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([key, each]) => [key, plain(each)]),
  );
}

test("what is wrong is told with its place", () => {
  const loop: { inner: { self?: unknown } } = { inner: {} };
  loop.inner.self = loop;
  expect(refusal(loop)).toMatchObject({ path: ".inner.self", problem: "it holds itself" });
  expect(refusal([[1, new Map()]])).toMatchObject({ path: "[0][1]" });
  expect(refusal({ a: [undefined] })).toMatchObject({ path: ".a[0]" });
  expect(refusal({ a: { toJSON: () => 1 } })).toMatchObject({ path: ".a.toJSON" });
  expect(refusal(Symbol("s"))).toMatchObject({ path: "" });
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level++) deep = [deep];
  expect(refusal(deep)).toMatchObject({ problem: expect.stringContaining("deeper than 100") });
});

test("the same object in two places is no loop, and no data at all is data", () => {
  const shared = { n: 1 };
  expect(refusal({ a: shared, b: [shared, shared], c: undefined })).toBeUndefined();
  expect(refusal(undefined)).toBeUndefined();
  expect(refusal(Object.assign(Object.create(null), { n: 1 }))).toBeUndefined();
});

test("text that PostgreSQL cannot keep is refused where it is kept there, with its place", () => {
  for (const [data, path] of [
    [{ note: "a\0b" }, ".note"],
    [["x", "\ud800"], "[1]"],
    [{ "a\0": 1 }, " (a key)"],
  ] as const) {
    expect(refusal(data)).toBeUndefined();
    expect(refusal(data, 1_000, false)).toMatchObject({ path });
  }
  expect(refusal(["\u{1f600}", "\ud83d\ude00"], 1_000, false)).toBeUndefined();
});
