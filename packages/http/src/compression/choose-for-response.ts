import type { Coding } from "../coding/coding.ts";
import type { CompressionSettings } from "../coding/compression-settings.ts";
import { chooseCoding, parseAcceptEncoding } from "../negotiation/accept-encoding.ts";
import { forbidsTransform } from "../send/cache-control.ts";

/** What is known of a response when its first byte is to be sent. */
export interface ResponseFacts {
  readonly status: number;
  readonly acceptEncoding: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly contentRange: string | undefined;
  readonly contentType: string | undefined;
  readonly cacheControl: string | undefined;
  /** It says a checksum of its bytes. */
  readonly hasDigest: boolean;
  /** Of the body; `undefined` when it is written in parts and nobody said. */
  readonly sizeBytes: number | undefined;
  /** What the program says besides. */
  readonly isWanted: boolean;
}

/** What to do with a response. */
export interface Choice {
  /** Caches must know that the coding depends on the request. */
  readonly varies: boolean;
  /** `undefined`: send it as it is. */
  readonly coding: Coding | undefined;
}

const UNTOUCHED: Choice = { varies: false, coding: undefined };

/** Whether and how the response of an application that knows nothing of codings is compressed. */
export function chooseForResponse(facts: ResponseFacts, settings: CompressionSettings): Choice {
  const { status, contentType, sizeBytes } = facts;
  if (status < 200 || status === 204 || status === 205 || status === 206) return UNTOUCHED;
  if (facts.contentEncoding !== undefined || facts.contentRange !== undefined) return UNTOUCHED;
  if (facts.hasDigest) return UNTOUCHED;
  if (facts.cacheControl !== undefined && forbidsTransform(facts.cacheControl)) return UNTOUCHED;
  // A 304 often comes without the type of the body that it stands for.
  const isKnownType = contentType !== undefined || status !== 304;
  if (isKnownType && !(facts.isWanted && settings.filter(contentType ?? ""))) return UNTOUCHED;
  const accepted =
    facts.acceptEncoding === undefined ? undefined : parseAcceptEncoding(facts.acceptEncoding);
  const coding = chooseCoding(accepted, settings.codings);
  const isSmall = sizeBytes !== undefined && sizeBytes < settings.thresholdBytes;
  // A small body is compressed only for a client that refuses it as it is.
  const isPlain =
    coding === undefined ||
    coding === "identity" ||
    (isSmall && chooseCoding(accepted, []) === "identity");
  return { varies: true, coding: isPlain ? undefined : coding };
}
