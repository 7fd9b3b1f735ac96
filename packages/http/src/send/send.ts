import type { ServerResponse } from "node:http";
import { checkResponse } from "./check-response.ts";
import { NodeRequest } from "./node-request.ts";
import { planResponse } from "./respond.ts";
import type { RespondOptions } from "./respond-options.ts";
import { writeExactly } from "./write-planned.ts";

/**
 * Answers a request of node:http: `respond`, written. Status and fields that were set on `res` before count too.
 *
 * @param value - as of `respond`: a value, or a function that builds it when it is needed
 * @returns a promise only when something has to be waited for: an asynchronous value or validator, a streamed body. Await it
 * @throws what `respond` throws, before anything is sent
 */
export function send(
  res: ServerResponse,
  value: unknown,
  options: RespondOptions = {},
): void | Promise<void> {
  checkResponse("send", res);
  const planned = planResponse(new NodeRequest(res.req), value, options, res);
  return planned instanceof Promise
    ? planned.then((plan) => writeExactly(res, plan))
    : writeExactly(res, planned);
}
