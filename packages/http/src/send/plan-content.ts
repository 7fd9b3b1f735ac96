import {
  chooseCoding,
  parseAcceptEncoding,
  type AcceptedCodings,
} from "../negotiation/accept-encoding.ts";
import type { NegotiatedCoding } from "../coding/coding.ts";
import { compressSync, SYNC_BYTES } from "../coding/compress.ts";
import { CompressedStream, slicesOf } from "../coding/compress-stream.ts";
import type { CompressionSettings } from "../coding/compression-settings.ts";
import type { PlannedResponse, RequestFacts } from "../planned-response.ts";
import { type EntityTag, formatTag, tagOfContent } from "../validation/entity-tag.ts";
import { evaluatePreconditions } from "../validation/preconditions.ts";
import { type Content, discard, JSON_TYPE, toContent } from "./content.ts";
import { type CheckedFields, CONTENT_FIELDS, lineOf, mergeVary } from "./header-fields.ts";
import type { RespondOptions } from "./respond-options.ts";
import type { ResponseHead } from "./response-head.ts";

/** How the coding of a response is found. */
interface Negotiation {
  /** The coding depends on the request: caches must know. */
  readonly varies: boolean;
  readonly accepted: AcceptedCodings | undefined;
  /** `undefined`: the client refuses all that there is. */
  readonly coding: NegotiatedCoding | undefined;
}

const AS_IT_IS: Negotiation = { varies: false, accepted: undefined, coding: "identity" };

/** 304 or 412 before there is a body; `undefined`: build it. */
export function planConditional(
  request: RequestFacts,
  head: ResponseHead,
  tag: EntityTag | undefined,
  exists: boolean,
): PlannedResponse | undefined {
  if (head.status !== undefined && !isSuccess(head.status)) return undefined;
  const negotiation = negotiate(
    request,
    head.compression,
    head.contentType ?? JSON_TYPE,
    undefined,
  );
  const current = { exists, tag: tag ?? head.ownTag, lastModifiedMs: head.lastModifiedMs };
  return planVerdict(request, head, current, negotiation);
}

/** The response for a value that is there. `tag`: of its version; by its content without one. */
export function planContent(
  request: RequestFacts,
  value: unknown,
  options: RespondOptions,
  head: ResponseHead,
  tag: EntityTag | undefined,
): PlannedResponse {
  const status = head.status ?? (value === undefined ? 204 : 200);
  if (status === 204 || status === 205 || status === 304) {
    discard(value);
    return planEmpty(status, head.fields);
  }
  const content = toContent(value);
  const contentType = head.contentType ?? content.contentType;
  const isRead = request.method === "GET" || request.method === "HEAD";
  const canValidate = isRead && isSuccess(status) && status !== 206;
  const compression = status === 206 ? undefined : head.compression;
  const negotiation = negotiate(request, compression, contentType, content.body);
  if (canValidate) {
    const current = {
      exists: true,
      tag: tag ?? head.ownTag ?? tagOf(content, options),
      lastModifiedMs: head.lastModifiedMs,
    };
    const early =
      negotiation.coding === undefined
        ? planNotAcceptable(head.fields)
        : planVerdict(request, head, current, negotiation);
    if (early !== undefined) {
      discard(content.body);
      return early;
    }
    setValidation(head.fields, current.tag, negotiation);
  } else {
    // RFC 9110 15.3.7: a part has the tag of the whole.
    const tagOfWhole = isRead && status === 206 ? tag : undefined;
    // Nothing to choose from is no reason to hide what a write or an error has to say.
    setValidation(head.fields, tagOfWhole, negotiation);
  }
  if (content.body !== undefined) head.fields["content-type"] = contentType;
  return planCoded(
    request,
    status,
    head.fields,
    content.body,
    compression,
    negotiation.coding ?? "identity",
  );
}

function tagOf(content: Content, options: RespondOptions): EntityTag | undefined {
  if (options.etag === false || options.validator !== undefined) return undefined;
  return content.body instanceof Uint8Array
    ? tagOfContent(content.body, options.etag === "weak")
    : undefined;
}

/** @param body - decides by its size; `undefined` when it is not there yet, which counts as large */
function negotiate(
  request: RequestFacts,
  compression: CompressionSettings | undefined,
  contentType: string,
  body: Content["body"],
): Negotiation {
  if (compression === undefined || !compression.filter(contentType)) return AS_IT_IS;
  const header = request.header("accept-encoding");
  const accepted = header === undefined ? undefined : parseAcceptEncoding(header);
  const isSmall = body instanceof Uint8Array && body.byteLength < compression.thresholdBytes;
  const wanted = chooseCoding(accepted, compression.codings);
  // A small body is compressed only for a client that refuses it as it is.
  const coding = isSmall ? (chooseCoding(accepted, []) ?? wanted) : wanted;
  return { varies: true, accepted, coding };
}

function planVerdict(
  request: RequestFacts,
  head: ResponseHead,
  current: Parameters<typeof evaluatePreconditions>[1],
  { accepted, coding = "identity", varies }: Negotiation,
): PlannedResponse | undefined {
  const verdict = evaluatePreconditions(request, current, accepted, coding);
  if (verdict.outcome === "proceed") return undefined;
  if (verdict.outcome === "failed") return planWithout(412, head.fields);
  setValidation(head.fields, current.tag, { accepted, varies, coding: verdict.coding });
  return planEmpty(304, head.fields);
}

function setValidation(
  fields: CheckedFields,
  tag: EntityTag | undefined,
  { varies, coding = "identity" }: Negotiation,
): void {
  if (tag !== undefined) fields["etag"] = formatTag(tag, coding);
  if (!varies) return;
  const vary = mergeVary(lineOf(fields["vary"]), "Accept-Encoding");
  if (vary !== undefined) fields["vary"] = vary;
}

function planCoded(
  request: RequestFacts,
  status: number,
  fields: CheckedFields,
  body: Content["body"],
  compression: CompressionSettings | undefined,
  coding: NegotiatedCoding,
): PlannedResponse {
  const coded = encode(body, compression, coding);
  if (coding !== "identity" && coded !== body) fields["content-encoding"] = coding;
  const sizeBytes =
    coded === undefined ? 0 : coded instanceof Uint8Array ? coded.byteLength : undefined;
  if (sizeBytes !== undefined) {
    fields["content-length"] = String(sizeBytes);
    // Only chunks can have trailers.
    delete fields["trailer"];
  }
  if (request.method !== "HEAD") return { status, headers: fields, body: coded };
  discard(coded);
  return { status, headers: fields, body: undefined };
}

function encode(
  body: Content["body"],
  compression: CompressionSettings | undefined,
  coding: NegotiatedCoding,
): Content["body"] {
  if (body === undefined || compression === undefined || coding === "identity") return body;
  const { levels } = compression;
  if (!(body instanceof Uint8Array)) return new CompressedStream(body, coding, levels);
  return body.byteLength < SYNC_BYTES
    ? compressSync(body, coding, levels)
    : new CompressedStream(slicesOf(body), coding, levels);
}

function planEmpty(status: number, fields: CheckedFields): PlannedResponse {
  for (const name of CONTENT_FIELDS) delete fields[name];
  // RFC 9110 15.3.6: 205 says by its length that nothing follows; 204 and 304 end with their head anyway.
  if (status === 205) fields["content-length"] = "0";
  return { status, headers: fields, body: undefined };
}

function planNotAcceptable(fields: CheckedFields): PlannedResponse {
  setValidation(fields, undefined, { varies: true, accepted: undefined, coding: undefined });
  return planWithout(406, fields);
}

/** Not the representation: nothing of what describes it and lets caches keep it. */
function planWithout(status: number, fields: CheckedFields): PlannedResponse {
  for (const name of [...CONTENT_FIELDS, "etag", "last-modified", "cache-control", "expires"]) {
    delete fields[name];
  }
  fields["content-length"] = "0";
  return { status, headers: fields, body: undefined };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
