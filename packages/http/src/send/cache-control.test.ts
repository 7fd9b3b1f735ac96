import { expect, it } from "vitest";
import {
  assertCacheControl,
  forbidsTransform,
  formatCacheControl,
  isShared,
} from "./cache-control.ts";

it("directives are written as RFC 9111 and 5861 spell them, times in seconds", () => {
  expect(
    formatCacheControl({
      public: true,
      maxAge: "30s",
      sMaxAge: 90_500,
      staleWhileRevalidate: "5m",
      staleIfError: "1d",
      mustRevalidate: true,
      proxyRevalidate: true,
      immutable: true,
      noTransform: true,
    }),
  ).toBe(
    "public, max-age=30, s-maxage=90, stale-while-revalidate=300, stale-if-error=86400, must-revalidate, proxy-revalidate, immutable, no-transform",
  );
  expect(formatCacheControl({ private: true, noStore: true, noCache: true })).toBe(
    "private, no-store, no-cache",
  );
  expect(formatCacheControl({ maxAge: 0 })).toBe("max-age=0");
});

it.each([
  [{ public: true, private: true }, /public/],
  [{ public: true, noStore: true }, /noStore/],
  [{ maxAge: 30 }, /cacheControl.maxAge/],
  [{ staleWhileRevalidate: "soon" }, /staleWhileRevalidate/],
  [{}, /at least one/],
])("%j is refused", (control, message) => {
  expect(() => formatCacheControl(control)).toThrow(message);
});

it.each([
  ["public", true],
  ["max-age=1, PUBLIC", true],
  ["s-maxage=60", true],
  ["private, max-age=1", false],
  ["max-age=1", false],
  ["x-public-x", false],
])("%s is for shared caches: %s", (line, expected) => {
  expect(isShared(line)).toBe(expected);
});

it.each([
  ["no-transform", true],
  ["public,No-Transform", true],
  ["no-transformed", false],
  ["public", false],
])("%s forbids changes: %s", (line, expected) => {
  expect(forbidsTransform(line)).toBe(expected);
});

it.each([
  "public, max-age=30",
  "no-store",
  "private,max-age=0 , must-revalidate",
  'private="set-cookie, x", no-cache="a\\"b", stale-if-error=60',
  'Public, Community="UCI", x-own',
])("%s is a list of directives", (text) => {
  expect(() => assertCacheControl(text)).not.toThrow();
});

it.each([
  "public; max-age=30",
  "",
  "public max-age=30",
  "max-age = 30",
  "max-age=",
  'private="open',
  "public,",
  ": public",
])("%j is none", (text) => {
  expect(() => assertCacheControl(text)).toThrow("'public, max-age=30'");
});
