import type { IncomingMessage, ServerResponse } from "node:http";
import { breakOff } from "../send/break-off.ts";
import { mergePreset } from "../send/write-planned.ts";
import { hasLeft } from "../send/departure.ts";
import type { Overflow } from "./recording-response.ts";
import { headersOfRecorded } from "./unshared.ts";

/** How a response gets into our hands. */
interface Taking {
  readonly prepare: () => unknown;
  readonly take: () => unknown;
}

/** Stands for a body that comes later. */
const BODY = new Uint8Array();

/**
 * Sends a body that is too large to be kept to the client that asked, if it has no answer yet.
 *
 * @param prepare - puts what was set before on the response
 * @param take - takes the response over, before the first byte
 */
export function overflowTo(
  asker: { isAnswered: boolean },
  request: IncomingMessage,
  response: ServerResponse,
  { prepare, take }: Taking = NOTHING,
): Overflow {
  let hasBegun = false;
  return {
    begin(status, fields) {
      if (asker.isAnswered || response.headersSent || hasLeft(response)) return false;
      prepare();
      const planned = { status, headers: headersOfRecorded({ fields }), body: BODY };
      const { headers } = mergePreset(response, planned);
      asker.isAnswered = true;
      hasBegun = true;
      take();
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      for (const name in headers) response.setHeader(name, headers[name] ?? "");
      response.writeHead(status);
      if (request.method !== "HEAD") return true;
      response.end();
      return false;
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

const NOTHING = { prepare: () => undefined, take: () => undefined };
