import type { IncomingMessage, ServerResponse } from "node:http";
import { checkResponse } from "../send/check-response.ts";
import type { CachedOptions } from "./cached-options.ts";
import { checkOptions } from "./check-options.ts";
import { Exchange, type Handler, type Next } from "./exchange.ts";
import type { RequestView } from "./request-key.ts";
import { RouteCache } from "./route-cache.ts";
import { hasBody } from "./has-body.ts";
import { nodeHeaders } from "./with-host.ts";

/**
 * A handler whose responses are kept: made once per key among all processes, compressed once, validated before anything runs. For node:http and Express.
 *
 * GET and HEAD are answered from the cache; all other methods go to the handler.
 *
 * @param handler - gets a request without what is negotiated on the entry (conditions, ranges, codings), and a response that stands in for the real one
 * @returns a listener; its promise is fulfilled when the answer is written, and rejected with what the handler throws where there is no `next`
 * @throws {InvalidArgumentError} for options that there are not, or that contradict each other
 */
export function cached<Request extends IncomingMessage, Response extends ServerResponse>(
  options: CachedOptions<Request>,
  handler: Handler<Request, Response>,
): (request: Request, response: Response, next?: Next) => Promise<void> {
  checkOptions(options, handler);
  const route = new RouteCache<Request>(options, VIEW);
  return (request, response, next) => {
    checkResponse("cached", response);
    const exchange = new Exchange(request, response, next, handler);
    try {
      const found = route.find(request);
      if (found === undefined) return exchange.runPast().catch((error) => exchange.fail(error));
      const answered = route.answer(found, exchange)?.then(() => exchange.rest);
      return answered?.catch((error) => exchange.fail(error)) ?? DONE;
    } catch (error) {
      return exchange.fail(error);
    }
  };
}

const DONE: Promise<void> = Promise.resolve();

/** `originalUrl` is of Express, where routers shorten `url`. */
type NodeMessage = IncomingMessage & { readonly originalUrl?: string };

const VIEW: RequestView<NodeMessage> = {
  methodOf: (request) => request.method,
  headersOf: nodeHeaders,
  hasBody,
  urlOf: (request) => request.url ?? "/",
  originalUrlOf: (request) => request.originalUrl,
};
