import { InvalidArgumentError } from "@upshift/foundation";
import type { AddressSource } from "../client-address/client-address.ts";
import type { RequestLimit } from "./limit-decision.ts";
import { limitCheck, type RateLimitedOptions } from "./plan-limit.ts";

/** What is used of a context of Hono 4. */
export interface LimitContext {
  /** Has `incoming`, the request of node:http, under @hono/node-server. */
  readonly env: unknown;
  header(name: string, value: string): void;
}

/**
 * The same as a middleware of Hono. Under `@hono/node-server` it knows the address of the client; elsewhere give a `key`.
 *
 * @throws {InvalidArgumentError} when an option cannot work
 */
export function rateLimitedHono<Context extends LimitContext = LimitContext>(
  limit: RequestLimit,
  options: RateLimitedOptions<Context> = {},
): (context: Context, next: () => Promise<void>) => Promise<Response | undefined> {
  const check = limitCheck<Context>(limit, options, ({ env }) => incomingOf(env));
  return async (context, next) => {
    const { headers, refusal } = await check(context);
    if (refusal !== undefined) return toResponse(refusal.status, refusal.headers, refusal.body);
    for (const [name, value] of Object.entries(headers)) context.header(name, value);
    await next();
    return undefined;
  };
}

function toResponse(
  status: number,
  headers: Readonly<Record<string, string | readonly string[]>>,
  body: unknown,
): Response {
  const fields = Object.entries(headers).map(([name, value]): [string, string] => [
    name,
    typeof value === "string" ? value : value.join(", "),
  ]);
  return new Response(body instanceof Uint8Array ? new TextDecoder().decode(body) : null, {
    status,
    headers: fields,
  });
}

function incomingOf(env: unknown): AddressSource {
  const incoming: unknown =
    typeof env === "object" && env !== null ? Reflect.get(env, "incoming") : undefined;
  if (isAddressSource(incoming)) return incoming;
  throw new InvalidArgumentError("a `key` where Hono does not run on @hono/node-server", "none");
}

function isAddressSource(value: unknown): value is AddressSource {
  return typeof value === "object" && value !== null && "headers" in value && "socket" in value;
}
