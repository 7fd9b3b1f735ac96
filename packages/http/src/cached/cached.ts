import type { IncomingMessage, ServerResponse } from "node:http";
import { Exchange, type Handler, type Next } from "./exchange.ts";
import type { CachedOptions } from "./cached-options.ts";
import { ResponseCache } from "./response-cache.ts";

/**
 * A handler whose responses are kept: made once per key among all processes, compressed once, validated before anything runs. For node:http and Express.
 *
 * GET and HEAD are answered from the cache; all other methods go to the handler.
 *
 * @param handler - gets a request without what is negotiated on the entry (conditions, ranges, codings), and a response that stands in for the real one
 * @throws {InvalidArgumentError} for options that contradict each other
 */
export function cached<Request extends IncomingMessage, Response extends ServerResponse>(
  options: CachedOptions<Request>,
  handler: Handler<Request, Response>,
): (request: Request, response: Response, next?: Next) => Promise<void> {
  const responses = new ResponseCache<Request, Response>(options, handler);
  return (request, response, next) => responses.answer(new Exchange(request, response, next));
}
