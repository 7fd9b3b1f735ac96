import type { IncomingMessage } from "node:http";
import type { Cache, PolicyOptions } from "@upshift/cache";
import type { CompressionOptions } from "../coding/compression-settings.ts";
import type { CacheControl } from "../send/cache-control.ts";

/** What may decide about a response is in its key; what is not in it, the handler does not get to see, or the response is not kept. */
export interface CachedOptions<Request = IncomingMessage> {
  readonly cache: Cache;
  /** Of the route; the same in all processes. Letters, digits, `.`, `_`, `-`. */
  readonly name: string;
  /** How long responses are kept, and what is given out meanwhile. Default: the policy of that name in the cache. */
  readonly policy?: string | PolicyOptions;
  /** Parameters of the query that count; the handler sees no others. Default: all. Their order does not count, that of equal names does. */
  readonly query?: readonly string[];
  /** Request fields that the response depends on; it gets them as `Vary`. */
  readonly vary?: readonly string[];
  /**
   * What the handler may read although the response does not depend on it: request fields, and what middleware leaves for handlers (properties of request and response, `response.locals`, variables of
   * Hono) by its name. `traceparent` and `tracestate`, `id`, `requestId`, `log` and `startTime` always may be read.
   */
  readonly ignoreHeaders?: readonly string[];
  /** More that the response depends on: normalised fields, a tenant. */
  readonly key?: (request: Request) => string | readonly string[];
  /**
   * For whom the response is: each gets an entry of their own, and `Cache-Control: private`. `undefined` for a request that is not to be answered from the cache. Without it, and without
   * `public`, requests with `Cookie` or `Authorization` go past the cache.
   */
  readonly private?: (request: Request) => string | undefined;
  /** The response is the same for everybody: the handler sees neither `Cookie` nor `Authorization`. */
  readonly public?: boolean;
  /** Tags by which `cache.invalidate(tag(…))` removes it; the handler can add more by {@link responseTags}. */
  readonly tags?: (request: Request) => readonly string[];
  /** Default: what the handler sets, else `no-cache`: browsers keep it and ask each time, which costs a 304. */
  readonly cacheControl?: CacheControl | string;
  /** Default is `strong`. */
  readonly etag?: "strong" | "weak";
  readonly compression?: CompressionOptions | false;
  /** Larger bodies are sent and not kept. Default is 1 MB. */
  readonly maxBytes?: number;
  /** Told why a response is not kept although it could be, once per reason. Default: `process.emitWarning`, which prints it. */
  readonly onWarning?: (warning: Error) => void;
}
