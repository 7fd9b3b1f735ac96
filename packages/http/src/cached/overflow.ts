import type { IncomingMessage, ServerResponse } from "node:http";
import { breakOff } from "../send/break-off.ts";
import { hasLeft } from "../send/departure.ts";
import type { Overflow } from "./recording-response.ts";
import { headersOfRecorded } from "./unshared.ts";

/**
 * Sends a body that is too large to be kept to the client that asked, if it has no answer yet.
 *
 * @param take - gives the response, before the first byte
 */
export function overflowTo(
  asker: { isAnswered: boolean },
  request: IncomingMessage,
  response: ServerResponse,
  take: () => unknown = () => response,
): Overflow {
  let hasBegun = false;
  let isSending = false;
  return {
    begin(status, fields) {
      if (asker.isAnswered || response.headersSent || hasLeft(response)) return false;
      asker.isAnswered = true;
      hasBegun = true;
      take();
      isSending = request.method !== "HEAD";
      const { vary = [], ...headers } = headersOfRecorded({ fields });
      for (const name in headers)
        if (name !== "set-cookie") response.setHeader(name, headers[name] ?? "");
      for (const cookie of [headers["set-cookie"] ?? []].flat())
        response.appendHeader("set-cookie", cookie);
      for (const name of [vary].flat()) response.appendHeader("vary", name);
      response.writeHead(status);
      if (!isSending) response.end();
      return isSending;
    },
    write: (chunk) => response.write(chunk),
    end() {
      response.end();
    },
    breakOff() {
      if (hasBegun) breakOff(response);
    },
    onDrain(resume) {
      response.on("drain", resume);
    },
    onClose(leave) {
      response.on("close", leave);
    },
  };
}
