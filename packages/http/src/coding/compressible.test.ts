import { expect, it } from "vitest";
import { isCompressible } from "./compressible.ts";

it.each([
  "application/json",
  "Application/JSON; charset=utf-8",
  "application/problem+json",
  "application/ld+json",
  "image/svg+xml",
  "text/html; charset=utf-8",
  "text/csv",
  "application/x-ndjson",
  "application/javascript",
  "application/wasm",
  "font/ttf",
])("%s gets smaller", (type) => {
  expect(isCompressible(type)).toBe(true);
});

it.each([
  "image/png",
  "image/jpeg",
  "video/mp4",
  "font/woff2",
  "application/zip",
  "application/gzip",
  "application/octet-stream",
  "text/event-stream; charset=utf-8",
  "",
])("%j is left alone", (type) => {
  expect(isCompressible(type)).toBe(false);
});
