import { expect, it } from "vitest";
import type { RequestFacts } from "./planned-response.ts";
import { compression } from "./compression/compression.ts";
import { fieldset } from "./fields/fieldset.ts";
import { rateLimited } from "./rate-limit/rate-limited.ts";
import { assertStreamOptions } from "./stream/stream-options.ts";
import { respond } from "./send/respond.ts";

const FACTS: RequestFacts = { method: "GET", url: "/", header: () => undefined };
const LIMIT = { take: () => Promise.reject(new Error("not asked")) };

/** Options as a program without types gives them. */
const loose = (options: object): never => options as never;

it.each<readonly [string, string, () => unknown]>([
  ["send", "maxAge", () => respond(FACTS, 1, loose({ maxAge: "30s" }))],
  [
    "cacheControl",
    "max-age",
    () => respond(FACTS, 1, { cacheControl: loose({ public: true, "max-age": 30 }) }),
  ],
  ["compression", "level", () => respond(FACTS, 1, { compression: loose({ level: 6 }) })],
  ["compression", "threshold", () => compression(loose({ threshold: "1kb" }))],
  ["fieldset", "visibel", () => fieldset({ id: true }, loose({ visibel: {} }))],
  ["rateLimited", "trustProxy", () => rateLimited(LIMIT, loose({ trustProxy: 1 }))],
  ["stream", "formt", () => assertStreamOptions(loose({ formt: "csv" }))],
])("options of %s have no %s", (of, name, call) => {
  expect(call).toThrow(`in the options of \`${of}\`, got "${name}"`);
});

it.each<readonly [string, () => unknown]>([
  ["`etag` as", () => respond(FACTS, 1, loose({ etag: '"v1"' }))],
  ["`compression.codings` of", () => compression(loose({ codings: ["deflate"] }))],
  ["`forbidden` as", () => fieldset({ id: true }, loose({ forbidden: "deny" }))],
])("Expected %s …", (message, call) => {
  expect(call).toThrow(`Expected ${message}`);
});
