import { Readable } from "node:stream";
import { refuseUnknown } from "@upshift/foundation";
import type { PlannedResponse, RequestFacts } from "../planned-response.ts";
import { type EntityTag, tagOfVersion, type Version } from "../validation/entity-tag.ts";
import { discard } from "./content.ts";
import { planConditional, planContent } from "./plan-content.ts";
import type { RespondOptions } from "./respond-options.ts";
import { createHead, type PresetHead } from "./response-head.ts";

const NAMES: ReadonlySet<keyof RespondOptions> = new Set([
  "status",
  "contentType",
  "headers",
  "cacheControl",
  "etag",
  "lastModified",
  "vary",
  "validator",
  "compression",
]);

/**
 * The answer to a request: serialised once, validated, compressed as the client likes it; 304, 406 and 412 where they are due.
 *
 * @param value - what to send: bytes, a stream of bytes and strings as they are, anything else as JSON; or a function that builds
 * it (or a promise of it), called only when the body is needed
 * @returns a promise only when something has to be waited for
 * @throws {InvalidHeaderError}, {PublicCookieError}, {InvalidArgumentError}
 */
export function respond(
  request: RequestFacts,
  value: unknown,
  options: RespondOptions = {},
): PlannedResponse | Promise<PlannedResponse> {
  return planResponse(request, value, options, undefined);
}

/** `respond`, with what a framework has set before. It is read as late as possible: a body function may set fields. */
export function planResponse(
  request: RequestFacts,
  value: unknown,
  options: RespondOptions,
  preset: PresetHead | undefined,
): PlannedResponse | Promise<PlannedResponse> {
  refuseUnknown("send", options, NAMES);
  const { validator } = options;
  if (validator === undefined) return planBody(request, value, options, preset, undefined);
  mindWhileAsked(value);
  try {
    const version = validator();
    if (!isPromise(version)) return planVersion(request, value, options, preset, version);
    return Promise.resolve(version)
      .then((known) => planVersion(request, value, options, preset, known))
      .catch((error: unknown) => giveUp(value, error));
  } catch (error) {
    return giveUp(value, error);
  }
}

/** A promise or stream given as the value may fail while the version is asked for, or be left alone after a 304: nobody would handle that. Who reads the stream later gets its error. */
function mindWhileAsked(value: unknown): void {
  if (isPromise(value)) Promise.resolve(value).catch(() => {});
  else if (value instanceof Readable) value.on("error", () => {});
}

/** A version that cannot be had leaves no file open that was given as the value. */
function giveUp(value: unknown, error: unknown): never {
  if (typeof value !== "function") discard(value);
  throw error;
}

function planVersion(
  request: RequestFacts,
  value: unknown,
  options: RespondOptions,
  preset: PresetHead | undefined,
  version: Version | undefined,
): PlannedResponse | Promise<PlannedResponse> {
  const tag =
    version === undefined || options.etag === false
      ? undefined
      : tagOfVersion(version, options.etag === "weak");
  const head = createHead(options, preset);
  const early = planConditional(request, head, tag, version !== undefined);
  if (early === undefined) return planBody(request, value, options, preset, tag);
  if (typeof value !== "function") discard(value);
  return early;
}

function planBody(
  request: RequestFacts,
  value: unknown,
  options: RespondOptions,
  preset: PresetHead | undefined,
  tag: EntityTag | undefined,
): PlannedResponse | Promise<PlannedResponse> {
  const built: unknown = typeof value === "function" ? value() : value;
  if (isPromise(built)) {
    return Promise.resolve(built).then((content: unknown) =>
      planContent(request, content, options, createHead(options, preset), tag),
    );
  }
  return planContent(request, built, options, createHead(options, preset), tag);
}

/** Also those of query builders, which are not of the class. */
function isPromise<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}
