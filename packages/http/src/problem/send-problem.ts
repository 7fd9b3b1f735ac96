import type { ServerResponse } from "node:http";
import type { PlannedResponse } from "../planned-response.ts";
import { breakOff } from "../send/break-off.ts";
import { problem, type ProblemDetails } from "./problem.ts";

/** Names of headers that speak of a body that is not sent. */
const OF_THE_BODY = [
  "content-encoding",
  "content-disposition",
  "content-language",
  "content-location",
  "content-range",
  "accept-ranges",
  "etag",
  "expires",
  "last-modified",
  "trailer",
  "transfer-encoding",
];

/**
 * Answers with a problem. Headers that were set before for another body (its coding, its validators) are taken off; others stay.
 *
 * Where the head of another answer is out already, the connection is broken off, so that no client takes half a body for a whole one; a whole answer is left alone.
 *
 * @throws {InvalidArgumentError} when the status is none of an error
 */
export function sendProblem(
  response: ServerResponse,
  details: ProblemDetails,
  headers: PlannedResponse["headers"] = {},
): void {
  const { status, headers: own, body } = problem(details, headers);
  if (response.headersSent) {
    if (!response.writableEnded) breakOff(response);
    return;
  }
  for (const name of OF_THE_BODY) response.removeHeader(name);
  response.statusCode = status;
  for (const [name, value] of Object.entries(own)) response.setHeader(name, value);
  response.end(response.req.method === "HEAD" ? undefined : body);
}
