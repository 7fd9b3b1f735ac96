import type { Recorded } from "./recorded.ts";
import { type EntityTag, parseTag, tagOfContent } from "../validation/entity-tag.ts";

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
  /** The strong one that the handler set, else by the content. */
  readonly tag: EntityTag;
}

/** A response that is for the request that made it alone. */
interface UnsharedResponse {
  readonly kind: "unshared";
  readonly by: object;
  /** Not of what the handler has answered by itself. */
  readonly recorded?: Recorded;
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
  "trailer",
  "transfer-encoding",
  "vary",
]);

/** @param fields - all that were set */
export function storedResponse(
  status: number,
  fields: readonly (readonly [name: string, value: string])[],
  body: Buffer,
): StoredResponse {
  const cacheControl = valueOf(fields, "cache-control");
  return {
    kind: "stored",
    status,
    fields: fields.filter(([name]) => !FOLLOWING.has(name)),
    body,
    tag: ownTag(valueOf(fields, "etag")) ?? tagOfContent(body, false),
    ...(cacheControl === undefined ? {} : { cacheControl }),
  };
}

/** The last field of a name. */
export function valueOf(fields: StoredResponse["fields"], wanted: string): string | undefined {
  return fields.findLast(([name]) => name === wanted)?.[1];
}

/** Weak ones say less than the content does; Express makes them by itself. */
function ownTag(field: string | undefined): EntityTag | undefined {
  if (field === undefined) return undefined;
  try {
    const tag = parseTag(field);
    return tag.isWeak ? undefined : tag;
  } catch {
    return undefined;
  }
}
