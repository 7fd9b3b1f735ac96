import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestLimit } from "./limit-decision.ts";
import { limitCheck, type RateLimitedOptions } from "./plan-limit.ts";

/**
 * Answers requests over the limit. As a middleware it calls `next`; without one it tells.
 *
 * @returns whether the request is allowed; `false` when it was answered, or failed and `next` was told why
 */
export type LimitMiddleware<Request, Response> = (
  request: Request,
  response: Response,
  next?: (error?: unknown) => void,
) => Promise<boolean>;

/**
 * Limits requests of `node:http`, Express and Connect: answers those over the limit with 429, `Retry-After` and a problem document, and tells in `RateLimit` headers what is left.
 *
 * ```ts
 * app.use(rateLimited(limit, { trustedHops: 1 }));
 * if (!(await limited(request, response))) return; // node:http
 * ```
 *
 * @param limit - of `rateLimit` of `@upshift/redis`, which must be installed
 * @throws {InvalidArgumentError} when an option cannot work
 */
export function rateLimited<Request extends IncomingMessage = IncomingMessage>(
  limit: RequestLimit,
  options: RateLimitedOptions<Request> = {},
): LimitMiddleware<Request, ServerResponse> {
  const check = limitCheck<Request>(limit, options, (request) => request);
  return async (request, response, next) => {
    try {
      const { headers, refusal } = await check(request);
      // The client has gone, or somebody has answered meanwhile.
      if (response.headersSent || response.destroyed) return false;
      for (const [name, value] of Object.entries(refusal?.headers ?? headers)) {
        response.setHeader(name, value);
      }
      if (refusal !== undefined) {
        response.statusCode = refusal.status;
        response.end(request.method === "HEAD" ? undefined : refusal.body);
        return false;
      }
    } catch (error) {
      if (next === undefined) throw error;
      next(error);
      return false;
    }
    next?.();
    return true;
  };
}
