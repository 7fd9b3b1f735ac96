import type { IncomingMessage, ServerResponse } from "node:http";
import type { Overflow } from "./recording-response.ts";

/** Sends a body that is too large to be kept to the client that asked, if it has no answer yet. */
export function overflowTo(exchange: {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  isAnswered: boolean;
}): Overflow {
  const { request, response } = exchange;
  let isSending = false;
  return {
    begin(status, fields) {
      if (exchange.isAnswered || response.headersSent) return;
      exchange.isAnswered = true;
      isSending = request.method !== "HEAD";
      for (const [name, value] of fields) response.appendHeader(name, value);
      if (!response.hasHeader("cache-control")) response.setHeader("cache-control", "no-cache");
      response.writeHead(status);
      if (!isSending) response.end();
    },
    // Who has left need not be waited for.
    write: (chunk) => !isSending || response.destroyed || response.write(chunk),
    end() {
      if (isSending) response.end();
    },
    onDrain(resume) {
      response.on("drain", resume);
      response.on("close", resume);
    },
  };
}
