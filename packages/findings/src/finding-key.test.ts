import * as fc from "fast-check";
import { expect, test } from "vitest";
import { findingKey } from "./finding-key.ts";

test("is 16 hex digits and depends on every part", () => {
  const parts = {
    rule: "sql/offset",
    fingerprint: "select",
    file: "a.ts",
    function: "list",
  } as const;
  const keys = [
    findingKey(parts),
    findingKey({ ...parts, rule: "sql/unbounded" }),
    findingKey({ ...parts, fingerprint: "select 2" }),
    findingKey({ ...parts, file: "b.ts" }),
    findingKey({ ...parts, function: "show" }),
    findingKey({ rule: "sql/offset", fingerprint: "select" }),
  ];
  expect(new Set(keys).size).toBe(keys.length);
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{16}$/);
});

test("is FNV-1a of the JSON of its parts, so that baselines survive releases", () => {
  // Computed with an independent implementation of FNV-1a 64 over the UTF-8 text.
  const text = '["sql/offset","größe",null,null]';
  let hash = 14695981039346656037n;
  for (const byte of Buffer.from(text)) hash = ((hash ^ BigInt(byte)) * 1099511628211n) % 2n ** 64n;
  expect(findingKey({ rule: "sql/offset", fingerprint: "größe" })).toBe(
    hash.toString(16).padStart(16, "0"),
  );
});

test("parts do not run into each other", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (a, b, c, d) => {
      fc.pre(a !== c || b !== d);
      const one = findingKey({ rule: "sql/offset", fingerprint: a, file: b });
      const other = findingKey({ rule: "sql/offset", fingerprint: c, file: d });
      expect(one).not.toBe(other);
    }),
  );
});
