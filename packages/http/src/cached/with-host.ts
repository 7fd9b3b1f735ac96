import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

/**
 * Header fields with the host that a request names elsewhere: in `:authority` of HTTP/2, or in a whole URL.
 *
 * One that is named twice in different ways is none, for handlers may look at either.
 */
export function withHost(
  headers: IncomingHttpHeaders,
  authority: string | undefined,
): IncomingHttpHeaders {
  if (authority === undefined || authority === headers.host) return headers;
  const { host = authority } = headers;
  const isSame = host.toLowerCase() === authority.toLowerCase();
  return { ...headers, host: isSame ? host : `${host}, ${authority}` };
}

/** Those of a request of node:http or node:http2. */
export function nodeHeaders({ headers }: IncomingMessage): IncomingHttpHeaders {
  const authority = headers[":authority"];
  return typeof authority === "string" ? withHost(headers, authority) : headers;
}
