import type { IncomingMessage, ServerResponse } from "node:http";
import type { PlannedResponse, RequestFacts } from "../planned-response.ts";
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
  const planned = planResponse(requestFacts(res.req), value, options, res);
  return planned instanceof Promise
    ? planned.then((plan) => writeExactly(res, plan))
    : writeExactly(res, planned);
}

/** `writePlanned` of node:http. */
export function writePlanned(res: ExpressResponse, planned: PlannedResponse): void | Promise<void> {
  return writeNode(res, planned);
}

export { cached } from "../cached/cached.ts";
