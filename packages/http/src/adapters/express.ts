import type { IncomingMessage, ServerResponse } from "node:http";
import { cached as cachedOfNode } from "../cached/cached.ts";
import type { CachedOptions } from "../cached/cached-options.ts";
import type { Handler, Next } from "../cached/exchange.ts";
import type { PlannedResponse, RequestFacts } from "../planned-response.ts";
import { checkResponse } from "../send/check-response.ts";
import { NodeRequest } from "../send/node-request.ts";
import { planResponse } from "../send/respond.ts";
import type { RespondOptions } from "../send/respond-options.ts";
import { writeExactly, writePlanned as writeNode } from "../send/write-planned.ts";

/** What is used of a request of Express 5: that of node:http, whose `url` routers shorten. */
export interface ExpressRequest extends IncomingMessage {
  readonly originalUrl: string;
}

/** What is used of a response of Express 5. */
export interface ExpressResponse extends ServerResponse {
  readonly req: ExpressRequest;
}

/** The facts of a request; its address is the whole one, also in a mounted router. */
export function requestFacts(request: ExpressRequest): RequestFacts {
  return new NodeRequest(request, request.originalUrl);
}

/**
 * `send` of node:http for Express: `res.status(…)`, `res.set(…)`, `res.cookie(…)` before it count. Return what it gives, or await it:
 * then what goes wrong reaches the error handler.
 */
export function send(
  res: ExpressResponse,
  value: unknown,
  options: RespondOptions = {},
): void | Promise<void> {
  checkResponse("send", res);
  const planned = planResponse(requestFacts(res.req), value, options, res);
  return planned instanceof Promise
    ? planned.then((plan) => writeExactly(res, plan))
    : writeExactly(res, planned);
}

/** `writePlanned` of node:http. */
export function writePlanned(res: ExpressResponse, planned: PlannedResponse): void | Promise<void> {
  return writeNode(res, planned);
}

/** As a method, so that it may ask for the request and the response of Express, which are more than those of node:http. */
type ExpressHandler = {
  handle(request: IncomingMessage, response: ServerResponse, next: Next): unknown;
}["handle"];

/**
 * `cached` of node:http for Express. What it gives has the type of the handler, which has that of the route: `(req, res) => …` needs no types. Where an option is a function of the request, name those of
 * the handler: `(req: Request, res: Response) => …`.
 *
 * @throws {InvalidArgumentError} for options that there are not, or that contradict each other
 */
export function cached<Handle extends ExpressHandler>(
  options: CachedOptions<Parameters<Handle>[0]>,
  handler: Handle,
): Handle;
export function cached(
  options: CachedOptions,
  handler: Handler<IncomingMessage, ServerResponse>,
): Handler<IncomingMessage, ServerResponse> {
  return cachedOfNode(options, handler);
}
