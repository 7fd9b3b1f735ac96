import type { PlannedResponse, RequestFacts } from "../planned-response.ts";
import type { HeaderFields } from "../send/header-fields.ts";
import { planResponse } from "../send/respond.ts";
import type { RespondOptions } from "../send/respond-options.ts";
import type { PresetHead } from "../send/response-head.ts";
import { mergePreset } from "../send/write-planned.ts";
import { toReadableStream } from "./readable-stream.ts";

/** What is used of a context of Hono 4. */
export interface HonoContextLike {
  readonly req: {
    readonly method: string;
    readonly url: string;
    header(name: string): string | undefined;
    /** The request of the web; its signal tells that the client has left. */
    readonly raw?: { readonly signal?: AbortSignal };
  };
  /** The response so far: the fields that were set before. */
  readonly res: { readonly headers: Headers };
}

/** The facts of a request. */
export function requestFacts(context: HonoContextLike): RequestFacts {
  const { method, url } = context.req;
  // Hono gives whole addresses.
  const path = url.indexOf("/", url.indexOf("//") + 2);
  return {
    method,
    url: path === -1 ? "/" : url.slice(path),
    header: (name) => context.req.header(name),
  };
}

/**
 * `send` for Hono: gives the `Response` to return. Fields set before with `c.header(…)` count; the status is that of the options.
 *
 * A streamed body has begun when it is given: a source that fails before its first byte reaches the error handler.
 */
export function send(
  context: HonoContextLike,
  value: unknown,
  options: RespondOptions = {},
): Response | Promise<Response> {
  const planned = planResponse(requestFacts(context), value, options, presetOf(context));
  return planned instanceof Promise
    ? planned.then((plan) => take(context, plan))
    : take(context, planned);
}

/** The `Response` of a plan: what was set before is kept, cookies and `Vary` add up. */
export function writePlanned(
  context: HonoContextLike,
  planned: PlannedResponse,
): Response | Promise<Response> {
  return take(context, mergePreset(presetOf(context), planned));
}

function take(context: HonoContextLike, planned: PlannedResponse): Response | Promise<Response> {
  // What was set before is in the plan, or dropped: Hono would set it again.
  const before = context.res.headers;
  for (const name of Object.keys(fieldsOf(before))) before.delete(name);
  const { status, body } = planned;
  const init = { status, headers: toHeaders(planned.headers) };
  if (body === undefined) return new Response(null, init);
  if (body instanceof Uint8Array) return new Response(body, init);
  return toReadableStream(body, context.req.raw?.signal).then(
    (stream) => new Response(stream, init),
  );
}

function toHeaders(fields: PlannedResponse["headers"]): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of typeof value === "string" ? [value] : value) headers.append(name, one);
  }
  return headers;
}

function presetOf(context: HonoContextLike): PresetHead {
  return {
    statusCode: 200,
    getHeaderNames: () => [...context.res.headers.keys()],
    getHeaders: () => fieldsOf(context.res.headers),
  };
}

function fieldsOf(headers: Headers): HeaderFields {
  const fields: Record<string, string | readonly string[]> = Object.fromEntries(headers);
  const cookies = headers.getSetCookie();
  if (cookies.length > 0) fields["set-cookie"] = cookies;
  return fields;
}
