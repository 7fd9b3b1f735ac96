import { negotiateCoding } from "../negotiation/accept-encoding.ts";
import type { PlannedResponse, RequestFacts } from "../planned-response.ts";
import { discard } from "../send/content.ts";
import { lineOf, mergeVary } from "../send/header-fields.ts";
import { compressChunks, STREAM_CODINGS, type StreamCoding } from "./compress-chunks.ts";
import { chooseType } from "./media-type.ts";
import { NotAcceptableError } from "./stream-errors.ts";
import { STREAM_TYPES, type StreamFormat } from "./stream-format.ts";
import { FORMATS, type StreamOptions } from "./stream-options.ts";
import { sourceChunks, type StreamSource } from "./stream-source.ts";

/** A response whose source has begun. */
export interface OpenStream {
  readonly status: number;
  readonly headers: PlannedResponse["headers"];
  /** `undefined` for HEAD. */
  readonly chunks: OpenChunks | undefined;
}

/** Chunks, the first of which is there already. */
export interface OpenChunks {
  readonly first: IteratorResult<Buffer, void>;
  /** To be gone through to its end, or ended by `return`. */
  readonly rest: AsyncGenerator<Buffer, void, void>;
}

/**
 * Begins a source and decides how it is answered. A HEAD request does not begin it. What is not begun is ended all the same.
 *
 * @param signal - ends everything, also what nobody reads any more
 * @throws {NotAcceptableError}
 * @throws what the source throws before its first byte
 */
export async function openStream(
  request: RequestFacts,
  source: StreamSource,
  options: StreamOptions,
  signal: AbortSignal,
): Promise<OpenStream> {
  let hasBegun = false;
  try {
    signal.throwIfAborted();
    const vary = new Set<string>();
    const format = options.format ?? negotiateFormat(request, options.formats ?? FORMATS, vary);
    const coding = chooseCoding(request, options, vary);
    const headers = headersOf(options.headers, format, coding, vary);
    const { status = 200, columns, onEnd = "none", header = true, formulaGuard = false } = options;
    if (request.method === "HEAD") return { status, headers, chunks: undefined };
    hasBegun = true;
    const plain = sourceChunks(source, { format, columns, onEnd, header, formulaGuard, signal });
    const rest = coding === undefined ? plain : compressChunks(plain, coding);
    return { status, headers, chunks: { first: await rest.next(), rest } };
  } finally {
    // Nobody will read it, and what it holds would stay open.
    if (!hasBegun) discard(source);
  }
}

function headersOf(
  own: PlannedResponse["headers"] | undefined,
  format: StreamFormat,
  coding: StreamCoding | undefined,
  vary: ReadonlySet<string>,
): PlannedResponse["headers"] {
  // How long it is shows at its end.
  const { "content-length": _, ...given } = own ?? {};
  return {
    "content-type": STREAM_TYPES[format],
    ...given,
    ...(coding === undefined ? {} : { "content-encoding": coding, ...weakened(given["etag"]) }),
    ...varied(given["vary"], vary),
  };
}

/** A strong tag names the bytes as they are, and not those of a coding. Source: RFC 9110 section 8.8.3.3. */
function weakened(etag: string | readonly string[] | undefined): { readonly etag?: string } {
  return typeof etag === "string" && !etag.startsWith("W/") ? { etag: `W/${etag}` } : {};
}

function varied(
  given: string | readonly string[] | undefined,
  own: ReadonlySet<string>,
): { readonly vary?: string } {
  const vary = mergeVary(lineOf(given), [...own].join(", "));
  return vary === undefined || vary === "" ? {} : { vary };
}

function negotiateFormat(
  request: RequestFacts,
  formats: readonly StreamFormat[],
  vary: Set<string>,
): StreamFormat {
  if (formats.length > 1) vary.add("Accept");
  const index = chooseType(
    request.header("accept"),
    formats.map((format) => MEDIA_TYPES[format]),
  );
  const format = index === undefined ? undefined : formats[index];
  if (format === undefined) {
    throw new NotAcceptableError(formats.flatMap((each) => MEDIA_TYPES[each].slice(0, 1)));
  }
  return format;
}

/** NDJSON has no registered type; these are in use. */
const MEDIA_TYPES: Readonly<Record<StreamFormat, readonly string[]>> = {
  json: ["application/json"],
  ndjson: ["application/x-ndjson", "application/ndjson", "application/jsonl"],
  csv: ["text/csv"],
};

/** @returns `undefined` for the body as it is */
function chooseCoding(
  request: RequestFacts,
  { compression = true, headers }: StreamOptions,
  vary: Set<string>,
): StreamCoding | undefined {
  const isFixed = toList(headers?.["cache-control"])
    .map((directive) => directive.toLowerCase())
    .includes("no-transform");
  if (!compression || isFixed || headers?.["content-encoding"] !== undefined) return undefined;
  vary.add("Accept-Encoding");
  const coding = negotiateCoding(request.header("accept-encoding"), STREAM_CODINGS);
  // Who refuses even the body as it is gets it all the same, as RFC 9110 12.5.3 allows.
  return coding === "br" || coding === "gzip" ? coding : undefined;
}

function toList(value: string | readonly string[] | undefined): readonly string[] {
  const text = typeof value === "string" ? value : (value?.join(",") ?? "");
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}
