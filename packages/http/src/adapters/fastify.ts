import type { IncomingMessage, ServerResponse } from "node:http";
import type { PlannedResponse, RequestFacts } from "../planned-response.ts";
import type { HeaderFields } from "../send/header-fields.ts";
import { NodeRequest } from "../send/node-request.ts";
import { planResponse } from "../send/respond.ts";
import type { RespondOptions } from "../send/respond-options.ts";
import type { PresetHead } from "../send/response-head.ts";
import { ResponseStartedError } from "../send/send-errors.ts";
import { mergePreset, writeExactly } from "../send/write-planned.ts";

/** What is used of a request of Fastify 5. */
export interface FastifyRequestLike {
  readonly raw: IncomingMessage;
  /** As it came, also when a `rewriteUrl` changed it. */
  readonly originalUrl: string;
}

/** What is used of a reply of Fastify 5. */
export interface FastifyReplyLike {
  readonly request: FastifyRequestLike;
  readonly raw: ServerResponse;
  readonly statusCode: number;
  readonly sent: boolean;
  /** What was set on the reply and on `raw`. */
  getHeaders(): HeaderFields;
  hijack(): unknown;
}

/** The facts of a request. */
export function requestFacts(request: FastifyRequestLike): RequestFacts {
  return new NodeRequest(request.raw, request.originalUrl);
}

/**
 * `send` of node:http for Fastify: `reply.code(…)` and `reply.header(…)` before it count.
 *
 * It takes the reply over (`reply.hijack()`) when the first byte is there, and writes to the socket itself. So the hooks
 * `preSerialization` and `onSend` and a response schema do not see this response, `onResponse` does. What goes wrong before reaches
 * the error handler: return or await what it gives.
 */
export function send(
  reply: FastifyReplyLike,
  value: unknown,
  options: RespondOptions = {},
): void | Promise<void> {
  const planned = planResponse(requestFacts(reply.request), value, options, presetOf(reply));
  return planned instanceof Promise
    ? planned.then((plan) => take(reply, plan))
    : take(reply, planned);
}

/** `writePlanned` of node:http: what was set on the reply before is kept, cookies and `Vary` add up. */
export function writePlanned(
  reply: FastifyReplyLike,
  planned: PlannedResponse,
): void | Promise<void> {
  return take(reply, mergePreset(presetOf(reply), planned));
}

function take(reply: FastifyReplyLike, planned: PlannedResponse): void | Promise<void> {
  if (reply.sent) throw new ResponseStartedError();
  return writeExactly(reply.raw, planned, () => void reply.hijack());
}

function presetOf(reply: FastifyReplyLike): PresetHead {
  return {
    statusCode: reply.statusCode,
    getHeaderNames: () => Object.keys(reply.getHeaders()),
    getHeaders: () => reply.getHeaders(),
  };
}

export {
  cached,
  type CachedFastifyReply,
  type CachedFastifyRequest,
} from "../cached/adapters/fastify.ts";
