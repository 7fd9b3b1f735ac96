import type { IncomingMessage } from "node:http";

/** A handler can make its response of what a GET brings with it, which is in no key. */
export function hasBody(request: IncomingMessage): boolean {
  const { headers } = request;
  if (headers["transfer-encoding"] !== undefined) return true;
  if (headers["content-length"] !== undefined) return headers["content-length"] !== "0";
  // HTTP/2 needs no field for it.
  const stream: unknown = Reflect.get(request, "stream");
  return (
    typeof stream === "object" &&
    stream !== null &&
    Reflect.get(stream, "endAfterHeaders") === false
  );
}
