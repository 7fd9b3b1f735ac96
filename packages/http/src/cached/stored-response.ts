import { tagOfContent } from "../validation/entity-tag.ts";

/** A response as the cache keeps it, also in Redis. */
export interface StoredResponse {
  readonly kind: "stored";
  readonly status: number;
  /** In lower case, in the order in which they were set; those of one name one after the other. Without what follows from body and coding. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** As it is without a coding. */
  readonly body: Buffer;
  /** As the handler set it. */
  readonly cacheControl?: string;
  /** Of the entity tag, without quotes and coding. */
  readonly opaqueTag: string;
}

/** A response that is for the request that made it alone. */
export interface UnsharedResponse {
  readonly kind: "unshared";
  readonly by: symbol;
}

export type CachedResponse = StoredResponse | UnsharedResponse;

const FOLLOWING: ReadonlySet<string> = new Set([
  "age",
  "cache-control",
  "connection",
  "content-encoding",
  "content-length",
  "date",
  "etag",
  "keep-alive",
  "transfer-encoding",
  "vary",
]);

/** @param fields - all that were set */
export function storedResponse(
  status: number,
  fields: readonly (readonly [name: string, value: string])[],
  body: Buffer,
): StoredResponse {
  const kept = fields.filter(([name]) => !FOLLOWING.has(name));
  return {
    kind: "stored",
    status,
    fields: kept,
    body,
    opaqueTag: tagOfContent(body, false).opaque,
  };
}
