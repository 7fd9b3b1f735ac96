import { UpshiftError } from "@upshift/foundation";

/** A value cannot be kept in Redis, since it would not come back as it is. Nothing was written. */
export class CacheValueError extends UpshiftError {
  readonly code = "UPSHIFT_CACHE_VALUE" as const;
  /** Where in the value, `$` being the value itself: `$.user.createdBy`, `$.items[3]`. */
  readonly path: string;

  /** @param kind - the kind of thing that is there, never the thing: "a function" */
  constructor(path: string, kind: string, cause?: unknown) {
    super(
      `A value cannot be cached in Redis: ${path} is ${kind}, which would not come back as it is; cache plain data, or give the definition a codec`,
      { ...(cause === undefined ? {} : { cause }), details: { path, kind } },
    );
    this.path = path;
  }
}
