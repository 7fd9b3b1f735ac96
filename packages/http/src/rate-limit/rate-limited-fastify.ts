import type { AddressSource } from "../client-address/client-address.ts";
import type { RequestLimit } from "./limit-decision.ts";
import { limitCheck, type RateLimitedOptions } from "./plan-limit.ts";

/** What is used of a reply of Fastify 5. */
export interface LimitReply {
  code(status: number): unknown;
  header(name: string, value: unknown): unknown;
  send(payload?: unknown): unknown;
}

/**
 * The same as a hook of Fastify: `app.addHook('onRequest', rateLimitedHook(limit, { trustedHops: 1 }))`.
 *
 * @throws {InvalidArgumentError} when an option cannot work
 */
export function rateLimitedHook<Request extends AddressSource = AddressSource>(
  limit: RequestLimit,
  options: RateLimitedOptions<Request> = {},
): (request: Request, reply: LimitReply) => Promise<unknown> {
  const check = limitCheck<Request>(limit, options, (request) => request);
  return async (request, reply) => {
    const { headers, refusal } = await check(request);
    for (const [name, value] of Object.entries(refusal?.headers ?? headers)) {
      reply.header(name, value);
    }
    if (refusal === undefined) return undefined;
    reply.code(refusal.status);
    reply.send(refusal.body);
    // A hook that gives back the reply has answered.
    return reply;
  };
}
