import { InvalidArgumentError, systemClock } from "@upshift/foundation";
import { type CompressionSettings, toCompressionSettings } from "../coding/compression-settings.ts";
import { DIGEST_FIELDS } from "../coding/digest-fields.ts";
import { type EntityTag, parseTag } from "../validation/entity-tag.ts";
import { formatHttpDate, parseHttpDate } from "../validation/http-date.ts";
import {
  assertCacheControl,
  forbidsTransform,
  formatCacheControl,
  isShared,
} from "./cache-control.ts";
import {
  addFields,
  type CheckedFields,
  type HeaderFields,
  lineOf,
  mergeVary,
} from "./header-fields.ts";
import type { RespondOptions } from "./respond-options.ts";
import { PublicCookieError } from "./send-errors.ts";

/** What is known of a response before its body is. */
export interface ResponseHead {
  /** Checked, merged with what was set before; without the fields that follow from the body. */
  readonly fields: CheckedFields;
  readonly status: number | undefined;
  readonly contentType: string | undefined;
  /** A tag that the program set itself. */
  readonly ownTag: EntityTag | undefined;
  readonly lastModifiedMs: number | undefined;
  /** `undefined`: the body stays as it is. */
  readonly compression: CompressionSettings | undefined;
}

/** Where a framework keeps what was set before; `ServerResponse` is one. */
export interface PresetHead {
  readonly statusCode: number;
  getHeaderNames(): readonly string[];
  getHeaders(): HeaderFields;
}

/** @throws {InvalidHeaderError} and {PublicCookieError}, before anything is sent */
export function createHead(options: RespondOptions, preset: PresetHead | undefined): ResponseHead {
  const fields: CheckedFields = {};
  if (preset !== undefined && preset.getHeaderNames().length > 0)
    addFields(fields, preset.getHeaders());
  if (options.headers !== undefined) addOwnFields(fields, options.headers);
  const { cacheControl, lastModified, vary } = options;
  if (cacheControl !== undefined) {
    const line = typeof cacheControl === "string" ? cacheControl : formatCacheControl(cacheControl);
    addFields(fields, { "cache-control": line });
    if (typeof cacheControl === "string") assertCacheControl(cacheControl);
  }
  if (vary !== undefined) {
    addFields(fields, { vary: mergeVary(lineOf(fields["vary"]), lineOf(vary)) });
  }
  if (lastModified !== undefined) fields["last-modified"] = formatDate(lastModified);
  if (options.contentType !== undefined) addFields(fields, { "content-type": options.contentType });
  refusePublicCookie(fields);
  delete fields["content-length"];
  delete fields["transfer-encoding"];
  const etag = lineOf(fields["etag"]);
  if (!isTagging(options.etag))
    throw new InvalidArgumentError('`etag` as "strong", "weak" or `false`', options.etag);
  return {
    fields,
    status: checkStatus(options.status ?? statusOf(preset)),
    contentType: lineOf(fields["content-type"]),
    ownTag: etag === undefined ? undefined : parseTag(etag),
    lastModifiedMs: timeOf(lastModified, lineOf(fields["last-modified"])),
    compression: isUntouchable(fields) ? undefined : toCompressionSettings(options.compression),
  };
}

/** Own fields replace those set before, but cookies and `Vary` add to them. */
function addOwnFields(fields: CheckedFields, own: HeaderFields): void {
  const cookies = fields["set-cookie"];
  const vary = lineOf(fields["vary"]);
  delete fields["set-cookie"];
  delete fields["vary"];
  addFields(fields, own);
  const all = [cookies, fields["set-cookie"]].flat().filter((cookie) => cookie !== undefined);
  if (all.length > 0) fields["set-cookie"] = all;
  const merged = mergeVary(vary, lineOf(fields["vary"]));
  if (merged !== undefined) fields["vary"] = merged;
}

/** @throws {PublicCookieError} when shared caches would keep a cookie */
export function refusePublicCookie(fields: Readonly<CheckedFields>): void {
  const cookies = fields["set-cookie"];
  if (cookies === undefined || cookies.length === 0) return;
  const cacheControl = lineOf(fields["cache-control"]);
  if (cacheControl !== undefined && isShared(cacheControl)) throw new PublicCookieError();
}

/** A tag of one's own is a field: `headers: { ETag: … }`. */
function isTagging(etag: unknown): boolean {
  return etag === undefined || etag === "strong" || etag === "weak" || etag === false;
}

/** Say something of the bytes of a body that another coding would make wrong. */
const OF_BYTES: readonly string[] = ["content-encoding", "content-range", ...DIGEST_FIELDS];

function isUntouchable(fields: Readonly<CheckedFields>): boolean {
  if (OF_BYTES.some((name) => fields[name] !== undefined)) return true;
  const cacheControl = lineOf(fields["cache-control"]);
  return cacheControl !== undefined && forbidsTransform(cacheControl);
}

const YEAR_0 = Date.parse("0000-01-01");
const YEAR_10_000 = Date.UTC(10_000, 0, 1);

function formatDate(date: Date | number): string {
  const timeMs = Number(date);
  // What an HTTP date can say has a year of four digits.
  const isDate = timeMs >= YEAR_0 && timeMs < YEAR_10_000;
  if (!isDate) throw new InvalidArgumentError("`lastModified` as a date or epoch ms", date);
  // RFC 9110 8.8.2.1: never later than the response itself, whatever another clock said.
  return formatHttpDate(Math.min(timeMs, systemClock.now()));
}

function timeOf(
  lastModified: Date | number | undefined,
  field: string | undefined,
): number | undefined {
  if (lastModified !== undefined) return Number(lastModified);
  return field === undefined ? undefined : parseHttpDate(field, systemClock.now());
}

/** 200 is what a framework begins with: it says nothing. */
function statusOf(preset: PresetHead | undefined): number | undefined {
  return preset === undefined || preset.statusCode === 200 ? undefined : preset.statusCode;
}

function checkStatus(status: number | undefined): number | undefined {
  if (status === undefined || (Number.isInteger(status) && status >= 200 && status <= 599))
    return status;
  throw new InvalidArgumentError("`status` from 200 to 599", status);
}
