import type { Redis } from "@upshift/redis";
import type { Codec } from "../../src/codec/codec.ts";
import { openWriteBehind } from "../../src/write-behind/open-write-behind.ts";
import { writeBehind } from "../../src/write-behind/write-behind.ts";
import type { WriteBehindOptions } from "../../src/write-behind/write-behind-options.ts";
import type { WriteBehindStore } from "../../src/write-behind/write-behind-store.ts";

export interface Row {
  readonly a?: number;
  readonly b?: number;
}

export const jsonCodec: Codec = {
  encode: (value) => JSON.stringify(value),
  decode: (text): unknown => JSON.parse(text),
};

/** Only hands in: what is written, others write. */
export function openHandIn(
  redis: Redis,
  options: WriteBehindOptions<string, Row> & { readonly name?: string } = {},
): WriteBehindStore<string, Row> {
  const { name = "row", ...settings } = options;
  return openWriteBehind<string, Row>(
    writeBehind(async () => {}, { maxDelay: "50ms", drain: false, ...settings, mode: "patch" }),
    { redis, namespace: "test", name, codec: jsonCodec, keyOf: (text) => text },
  );
}
