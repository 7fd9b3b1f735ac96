import type { IncomingMessage, ServerResponse } from "node:http";
import { refuseUnknown } from "@upshift/foundation";
import { type CompressionOptions, toCompressionSettings } from "../coding/compression-settings.ts";
import { ResponseCompressor, type ResponseFilter } from "./response-compressor.ts";

/** How existing applications are compressed. */
export interface CompressionMiddlewareOptions extends Omit<CompressionOptions, "filter"> {
  /** Content types that are worth it. Default: `isCompressible`. */
  readonly contentTypes?: (contentType: string) => boolean;
  /** Asked for each response besides, when its head is known. Default: all of them. */
  readonly filter?: ResponseFilter;
}

const NAMES: ReadonlySet<keyof CompressionMiddlewareOptions> = new Set([
  "codings",
  "levels",
  "thresholdBytes",
  "contentTypes",
  "filter",
]);

/** `(req, res, next)` of Express and Connect; on node:http call it first, with nothing as `next`. */
export type CompressionMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: () => void,
) => void;

/** A response with the method that sends what was written so far. */
interface FlushableResponse extends ServerResponse {
  flush?: () => void;
}

/**
 * Compresses the responses of an application that knows nothing about it.
 *
 * Negotiates as `send` does. Adds `Vary` also to what stays as it is, and to 304; makes strong tags weak where it compresses; leaves
 * alone what has a coding, is a range, an event stream, or says `no-transform`. What is written in parts is flushed once per turn of
 * the event loop, and by `res.flush()`.
 *
 * @throws {InvalidArgumentError} for options and codings that there are not, a threshold below 0 or a level that a coding does not have
 */
export function compression(options: CompressionMiddlewareOptions = {}): CompressionMiddleware {
  refuseUnknown("compression", options, NAMES);
  const { filter, contentTypes, ...rest } = options;
  const settings = toCompressionSettings(
    contentTypes === undefined ? rest : { ...rest, filter: contentTypes },
  );
  return (_request, response, next) => {
    if (settings !== undefined)
      install(response, new ResponseCompressor(response, settings, filter));
    next?.();
  };
}

function install(response: FlushableResponse, compressor: ResponseCompressor): void {
  response.writeHead = (...values: unknown[]) => {
    compressor.writeHead(values);
    return response;
  };
  response.write = (...values: unknown[]) => compressor.write(values);
  response.end = (...values: unknown[]) => {
    compressor.end(values);
    return response;
  };
  response.flushHeaders = () => compressor.flushHeaders();
  response.flush = () => compressor.flush();
}
