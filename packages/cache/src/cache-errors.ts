import { UpshiftError } from "@upshift/foundation";

/** A loader did not end within its hard timeout, and there was no stale value to fall back on. Its signal was aborted. */
export class CacheLoadTimeoutError extends UpshiftError {
  readonly code = "UPSHIFT_CACHE_LOAD_TIMEOUT" as const;

  constructor(definition: string, timeoutMs: number) {
    super(
      `The load of \`${definition}\` did not end within ${timeoutMs} ms; raise \`loadTimeout.hard\`, or pass \`signal\` on to what it waits for`,
      { details: { definition, timeoutMs } },
    );
  }
}

/** The load that this read waited for failed in another process. `cause` has the name, code and message of that error. */
export class CacheLoadFailedElsewhereError extends UpshiftError {
  readonly code = "UPSHIFT_CACHE_LOAD_FAILED_ELSEWHERE" as const;

  constructor(definition: string, cause: unknown) {
    super(`The load of \`${definition}\` failed in the process that was loading for all`, {
      cause,
      details: { definition },
    });
  }
}

/** The cache was closed. */
export class CacheClosedError extends UpshiftError {
  readonly code = "UPSHIFT_CACHE_CLOSED" as const;

  constructor(namespace: string) {
    super(`The cache \`${namespace}\` is closed`, { details: { namespace } });
  }
}

/** `consistency: 'strict'` was asked for and some members have not said in time that they dropped what was invalidated. It is gone from Redis all the same. */
export class CacheNotAcknowledgedError extends UpshiftError {
  readonly code = "UPSHIFT_CACHE_NOT_ACKNOWLEDGED" as const;

  constructor(missingCount: number, reason: string) {
    super(
      `The invalidation was not acknowledged by ${missingCount} of the processes that share the cache: ${reason}`,
      { details: { missingCount, reason } },
    );
  }
}
