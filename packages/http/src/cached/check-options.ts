import { assertFunctions, InvalidArgumentError, refuseUnknown } from "@upshift/foundation";
import { assertCacheControl } from "../send/cache-control.ts";
import type { CachedOptions } from "./cached-options.ts";

const NAMES: ReadonlySet<keyof CachedOptions> = new Set([
  "cache",
  "name",
  "policy",
  "query",
  "vary",
  "ignoreHeaders",
  "key",
  "private",
  "public",
  "tags",
  "cacheControl",
  "etag",
  "compression",
  "maxBytes",
  "onWarning",
]);
/** Text in their place would be taken for a list of its characters. */
const LISTS = ["query", "vary", "ignoreHeaders"] as const;

/**
 * What compilers see, for programs without one: when the route is made, not when the first request comes.
 *
 * @throws {InvalidArgumentError}
 */
export function checkOptions<Request>(options: CachedOptions<Request>, handler: unknown): void {
  refuseUnknown("cached", options, NAMES);
  if (typeof Reflect.get(Object(options.cache), "define") !== "function")
    throw new InvalidArgumentError(
      "`cache` as one of `createCache` of @upshift/cache",
      options.cache,
    );
  if (typeof handler !== "function")
    throw new InvalidArgumentError("a handler as the second argument of `cached`", handler);
  const { key, private: personOf, tags, onWarning } = options;
  assertFunctions({ key, private: personOf, tags, onWarning });
  for (const name of LISTS) {
    const given: unknown = options[name];
    if (given !== undefined && !(Array.isArray(given) && given.every(isText)))
      throw new InvalidArgumentError(`\`${name}\` as a list of names`, given);
  }
  const isPublic: unknown = options.public;
  if (isPublic !== undefined && typeof isPublic !== "boolean")
    throw new InvalidArgumentError("`public` as `true` or `false`", isPublic);
  if (typeof options.cacheControl === "string") assertCacheControl(options.cacheControl);
  const etag: unknown = options.etag;
  if (etag !== undefined && etag !== "strong" && etag !== "weak")
    throw new InvalidArgumentError('`etag` as "strong" or "weak"', etag);
}

const isText = (value: unknown): boolean => typeof value === "string";
