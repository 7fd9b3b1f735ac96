import { systemClock } from "@upshift/foundation";
import type { NegotiatedCoding } from "../coding/coding.ts";
import type { AcceptedCodings } from "../negotiation/accept-encoding.ts";
import type { RequestFacts } from "../planned-response.ts";
import type { EntityTag } from "./entity-tag.ts";
import { findListedCoding, isListedStrongly } from "./entity-tag-list.ts";
import { parseHttpDate } from "./http-date.ts";

/** What a resource is now, before the request changes it. */
export interface CurrentState {
  /** `false`: there is nothing at this address. Then `*` matches nothing. */
  readonly exists: boolean;
  readonly tag: EntityTag | undefined;
  /** Epoch ms. */
  readonly lastModifiedMs: number | undefined;
}

/** What preconditions say: perform the method, 412, or 304 with the tag of a coding. */
export type Verdict =
  | { readonly outcome: "proceed" }
  | { readonly outcome: "failed" }
  | { readonly outcome: "not-modified"; readonly coding: NegotiatedCoding };

const PROCEED: Verdict = { outcome: "proceed" };
const FAILED: Verdict = { outcome: "failed" };
const NOT_MODIFIED: Readonly<Record<NegotiatedCoding, Verdict>> = {
  identity: { outcome: "not-modified", coding: "identity" },
  gzip: { outcome: "not-modified", coding: "gzip" },
  br: { outcome: "not-modified", coding: "br" },
  zstd: { outcome: "not-modified", coding: "zstd" },
};

/** Neither select nor change a representation: conditions must be passed over. Source: RFC 9110 13.2.1. */
const UNCONDITIONAL: ReadonlySet<string> = new Set(["CONNECT", "OPTIONS", "TRACE"]);

/**
 * Preconditions in the order of RFC 9110 13.2.2: `If-Match`, else `If-Unmodified-Since`; then `If-None-Match`, else
 * `If-Modified-Since`. Dates are compared in whole seconds, as HTTP has them. `If-Range` is for those who answer ranges.
 *
 * @param accepted - of `Accept-Encoding`; a 304 names only what the client takes
 * @param coding - the one that a 200 would be sent in
 */
export function evaluatePreconditions(
  request: RequestFacts,
  current: CurrentState,
  accepted: AcceptedCodings | undefined,
  coding: NegotiatedCoding,
): Verdict {
  if (UNCONDITIONAL.has(request.method)) return PROCEED;
  if (isRefusedByMatch(request, current)) return FAILED;
  const isRead = request.method === "GET" || request.method === "HEAD";
  const noneMatch = request.header("if-none-match");
  if (noneMatch !== undefined) {
    const listed = listedCoding(noneMatch, current, accepted, coding);
    if (listed === undefined) return PROCEED;
    return isRead ? NOT_MODIFIED[listed] : FAILED;
  }
  if (!isRead || current.lastModifiedMs === undefined) return PROCEED;
  const since = dateOf(request.header("if-modified-since"));
  const isUnchanged = since !== undefined && wholeSeconds(current.lastModifiedMs) <= since;
  return isUnchanged ? NOT_MODIFIED[coding] : PROCEED;
}

function isRefusedByMatch(request: RequestFacts, current: CurrentState): boolean {
  const match = request.header("if-match");
  if (match !== undefined) {
    if (match.trim() === "*") return !current.exists;
    return current.tag === undefined || !current.exists || !isListedStrongly(match, current.tag);
  }
  if (current.lastModifiedMs === undefined) return false;
  const since = dateOf(request.header("if-unmodified-since"));
  return since !== undefined && wholeSeconds(current.lastModifiedMs) > since;
}

function listedCoding(
  list: string,
  current: CurrentState,
  accepted: AcceptedCodings | undefined,
  coding: NegotiatedCoding,
): NegotiatedCoding | undefined {
  if (!current.exists) return undefined;
  if (list.trim() === "*") return coding;
  return current.tag === undefined
    ? undefined
    : findListedCoding(list, current.tag, accepted, coding);
}

function dateOf(field: string | undefined): number | undefined {
  return field === undefined ? undefined : parseHttpDate(field.trim(), systemClock.now());
}

function wholeSeconds(timeMs: number): number {
  return Math.floor(timeMs / 1_000) * 1_000;
}
