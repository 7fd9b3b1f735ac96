import type { IncomingMessage, ServerResponse } from "node:http";
import type { CachedOptions } from "./cached-options.ts";
import { Exchange, type Handler, type Next, PassedOnError } from "./exchange.ts";
import type { RequestView } from "./request-key.ts";
import { RouteCache } from "./route-cache.ts";
import { writeAnswer } from "./write-answer.ts";

/**
 * A handler whose responses are kept: made once per key among all processes, compressed once, validated before anything runs. For node:http and Express.
 *
 * GET and HEAD are answered from the cache; all other methods go to the handler.
 *
 * @param handler - gets a request without what is negotiated on the entry (conditions, ranges, codings), and a response that stands in for the real one
 * @returns a listener; its promise is fulfilled when the answer is written, and rejected with what the handler throws where there is no `next`
 * @throws {InvalidArgumentError} for options that contradict each other
 */
export function cached<Request extends IncomingMessage, Response extends ServerResponse>(
  options: CachedOptions<Request>,
  handler: Handler<Request, Response>,
): (request: Request, response: Response, next?: Next) => Promise<void> {
  const route = new RouteCache<Request>(options, VIEW);
  return (request, response, next) => {
    const found = route.find(request);
    if (found === undefined) return runPast(handler, request, response, next);
    const exchange = new Exchange(request, response, handler);
    return route.answer(found, exchange).then(
      (outcome) => {
        if (outcome === "past") return runPast(handler, request, response, next);
        if (outcome === "answered") return undefined;
        exchange.isAnswered = true;
        writeAnswer(response, outcome);
        return undefined;
      },
      (error: unknown) => fail(error, response, next),
    );
  };
}

const VIEW: RequestView<IncomingMessage> = {
  methodOf: (request) => request.method,
  headersOf: (request) => request.headers,
  urlOf: (request) => request.url ?? "/",
  originalUrlOf(request) {
    // Express, where routers shorten `url`.
    const original: unknown = Reflect.get(request, "originalUrl");
    return typeof original === "string" ? original : undefined;
  },
};

/** As if there were no cache. */
async function runPast<Request, Response extends ServerResponse>(
  handler: Handler<Request, Response>,
  request: Request,
  response: Response,
  next: Next | undefined,
): Promise<void> {
  await handler(request, response, next ?? (() => response.end()));
}

function fail(error: unknown, response: ServerResponse, next: Next | undefined): void {
  if (next === undefined) throw error;
  if (error instanceof PassedOnError) next();
  else if (response.headersSent) response.destroy();
  else next(error);
}
