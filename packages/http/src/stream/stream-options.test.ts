import { expect, it } from "vitest";
import { assertStreamOptions, type StreamOptions } from "./stream-options.ts";

const log = (_error: unknown): void => {};

it("a logger will do as onError", () => {
  const options: StreamOptions = { onError: log };
  expect(() => assertStreamOptions(options)).not.toThrow();
});

it.each([
  [{ format: "xml" }, "`format` as one of json, ndjson, csv"],
  [{ formats: [] }, "`formats` with at least one"],
  [{ status: 99 }, "`status` from 200 to 599"],
])("%j is refused", (options, message) => {
  expect(() => assertStreamOptions(options as StreamOptions)).toThrow(message);
});
