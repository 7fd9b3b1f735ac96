import { STATUS_CODES } from "node:http";
import { InvalidArgumentError } from "@upshift/foundation";
import type { PlannedResponse } from "../planned-response.ts";

/** What went wrong, for a client to read. Source: RFC 9457 section 3. */
export interface ProblemDetails {
  /** From 400 to 599. */
  readonly status: number;
  /** A URI that names the kind of problem. Left out it means `about:blank`: nothing beyond the status. */
  readonly type?: string | undefined;
  /** The same for every problem of a kind. Default is the phrase of the status. */
  readonly title?: string | undefined;
  /** About this one. It goes to the client: no values of others, no secrets, no text of a server's errors. */
  readonly detail?: string | undefined;
  /** A URI of this occurrence. */
  readonly instance?: string | undefined;
  /** Members of your own, as JSON. */
  readonly [extension: string]: unknown;
}

const PROBLEM_TYPE = "application/problem+json";

/**
 * An answer that tells of a problem. Nothing stores it: 404 and others could otherwise be kept by a cache that was told nothing.
 *
 * @throws {InvalidArgumentError} when the status is none of an error
 */
export function problem(
  details: ProblemDetails,
  headers: PlannedResponse["headers"] = {},
): PlannedResponse {
  const { type, title, status, ...members } = details;
  if (!Number.isInteger(status) || status < 400 || status > 599) {
    throw new InvalidArgumentError("`status` from 400 to 599", status);
  }
  const document = {
    ...(type === undefined ? {} : { type }),
    title: title ?? STATUS_CODES[status] ?? "Error",
    status,
    ...members,
  };
  const body = Buffer.from(JSON.stringify(document));
  return {
    status,
    headers: {
      "cache-control": "no-store",
      ...headers,
      "content-type": PROBLEM_TYPE,
      "content-length": String(body.length),
    },
    body,
  };
}
