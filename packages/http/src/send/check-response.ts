import type { ServerResponse } from "node:http";
import { InvalidArgumentError } from "@upshift/foundation";

/**
 * Functions of the same names are there for each framework: that of node:http, given a reply of Fastify, would fail somewhere inside.
 *
 * @param of - the function, for the error
 * @throws {InvalidArgumentError}
 */
export function checkResponse(of: string, response: ServerResponse): void {
  if (typeof response?.setHeader === "function" && response.req !== undefined) return;
  throw new InvalidArgumentError(
    `\`${of}\` of node:http and Express to get their response; for Fastify and Hono import it from @upshift/http/fastify or @upshift/http/hono`,
    typeof response,
  );
}
