import { InvalidArgumentError, kindOf } from "@upshift/foundation";
import type { Decision } from "./decision.ts";

/** Header field values of a response. */
export interface RateLimitHeaders {
  /** The quotas: `"burst";q=100;w=60, "daily";q=1000;w=86400`. */
  readonly "RateLimit-Policy": string;
  /** What is left of them: `"burst";r=50;t=30`. */
  readonly RateLimit: string;
  /** Seconds, when the request was refused. */
  readonly "Retry-After"?: string;
}

/**
 * Header fields for a decision: structured field lists of strings. Names are checked when a limit is made, so nothing in them can end a header.
 *
 * `t` is when the whole quota is there again. Source: draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4; RFC 9110 section 10.2.3 for Retry-After.
 */
export function rateLimitHeaders(decision: Decision): RateLimitHeaders {
  if (!Array.isArray(Object(decision).policies))
    throw new InvalidArgumentError(
      "`decision` as `await limit.take(…)` gives it",
      kindOf(decision),
    );
  const { policies, isAllowed, retryAfterMs } = decision;
  const list = policies.map(({ name, limit, windowMs, remaining, resetAfterMs }) => {
    const item = `"${name.replaceAll(/["\\]/g, "\\$&")}"`;
    return {
      quota: `${item};q=${limit};w=${Math.max(1, seconds(windowMs))}`,
      rest: `${item};r=${remaining};t=${seconds(resetAfterMs)}`,
    };
  });
  const headers = {
    "RateLimit-Policy": list.map(({ quota }) => quota).join(", "),
    RateLimit: list.map(({ rest }) => rest).join(", "),
  };
  if (isAllowed) return headers;
  return { ...headers, "Retry-After": String(Math.max(1, seconds(retryAfterMs))) };
}

/** Rounded up: who waits as long as it says is not refused again for a fraction. */
function seconds(ms: number): number {
  return Math.ceil(ms / 1_000);
}
