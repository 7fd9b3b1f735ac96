import type { ServerResponse } from "node:http";
import type { PlannedResponse } from "../planned-response.ts";
import { discard } from "./content.ts";
import {
  addFields,
  type CheckedFields,
  CONTENT_FIELDS,
  lineOf,
  mergeVary,
} from "./header-fields.ts";
import { type PresetHead, refusePublicCookie } from "./response-head.ts";
import { ResponseStartedError } from "./send-errors.ts";
import { type NodeHeaders, writeStream } from "./write-stream.ts";

/**
 * Writes a planned response, and what was set on `res` before: fields of the plan replace those, but `Vary` and `Set-Cookie` add up.
 *
 * @returns a promise for a streamed body: fulfilled when it is written or the client has left; without one everything is written
 * @throws {ResponseStartedError} when something was sent already
 * @throws {PublicCookieError} when the plan is for shared caches and a cookie was set before
 */
export function writePlanned(res: ServerResponse, planned: PlannedResponse): void | Promise<void> {
  return writeExactly(res, res.headersSent ? planned : mergePreset(res, planned));
}

/**
 * Writes the plan alone; what was set before is in it or dropped.
 *
 * @param begin - called just before the head is written
 */
export function writeExactly(
  res: ServerResponse,
  planned: PlannedResponse,
  begin?: () => void,
): void | Promise<void> {
  const { status, headers, body } = planned;
  if (res.headersSent) {
    discard(body);
    throw new ResponseStartedError();
  }
  if (body !== undefined && !(body instanceof Uint8Array)) {
    return writeStream(res, status, toNodeHeaders(headers), body, begin);
  }
  begin?.();
  for (const name of res.getHeaderNames()) res.removeHeader(name);
  res.writeHead(status, toNodeHeaders(headers));
  res.end(body);
  return undefined;
}

/** The plan with what was set before. */
export function mergePreset(preset: PresetHead, planned: PlannedResponse): PlannedResponse {
  if (preset.getHeaderNames().length === 0) return planned;
  const fields: CheckedFields = {};
  addFields(fields, preset.getHeaders());
  if (planned.body === undefined) for (const name of CONTENT_FIELDS) delete fields[name];
  delete fields["content-length"];
  delete fields["transfer-encoding"];
  const cookies = [fields["set-cookie"], planned.headers["set-cookie"]].flat();
  const vary = mergeVary(lineOf(fields["vary"]), lineOf(planned.headers["vary"]));
  Object.assign(fields, planned.headers);
  const set = cookies.filter((cookie) => cookie !== undefined);
  if (set.length > 0) fields["set-cookie"] = set;
  if (vary !== undefined) fields["vary"] = vary;
  refusePublicCookie(fields);
  return { status: planned.status, headers: fields, body: planned.body };
}

/** Node writes these fields as they are; only its type is a mutable one. */
function toNodeHeaders(headers: PlannedResponse["headers"]): NodeHeaders {
  return isNodeHeaders(headers) ? headers : {};
}

function isNodeHeaders(headers: PlannedResponse["headers"]): headers is NodeHeaders {
  return typeof headers === "object";
}
