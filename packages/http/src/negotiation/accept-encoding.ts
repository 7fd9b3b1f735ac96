import type { Coding, NegotiatedCoding } from "../coding/coding.ts";

/** Wishes of a client in thousandths, 0..1000; 0 is "not acceptable", `undefined` "not named". */
export interface AcceptedCodings {
  br: number | undefined;
  gzip: number | undefined;
  zstd: number | undefined;
  identity: number | undefined;
  /** Of `*`: every coding that is not named. */
  any: number | undefined;
}

/** Work is bounded: what comes after this many characters or items is not read, and so not used. Browsers send about 25. */
const LONGEST_HEADER = 2_000;
const MOST_ITEMS = 32;

/**
 * What an `Accept-Encoding` field says.
 *
 * An item that is not of the form of RFC 9110 12.4.2 is passed over. Of two items for one coding the smaller weight counts:
 * what a client refuses anywhere it does not get.
 */
export function parseAcceptEncoding(header: string): AcceptedCodings {
  const accepted: AcceptedCodings = {
    br: undefined,
    gzip: undefined,
    zstd: undefined,
    identity: undefined,
    any: undefined,
  };
  let start = 0;
  for (let items = 0; start <= header.length && items < MOST_ITEMS; items += 1) {
    const comma = header.indexOf(",", start);
    const end = comma === -1 ? header.length : comma;
    if (end > LONGEST_HEADER) break;
    readItem(header.slice(start, end), accepted);
    start = end + 1;
  }
  return accepted;
}

function readItem(item: string, accepted: AcceptedCodings): void {
  const semicolon = item.indexOf(";");
  const weight = semicolon === -1 ? 1_000 : parseWeight(item.slice(semicolon + 1));
  if (weight === undefined) return;
  const name = toName((semicolon === -1 ? item : item.slice(0, semicolon)).trim());
  if (name === undefined) return;
  const before = accepted[name];
  if (before === undefined || weight < before) accepted[name] = weight;
}

function toName(text: string): keyof AcceptedCodings | undefined {
  switch (text.toLowerCase()) {
    case "br":
      return "br";
    case "gzip":
    // RFC 9110 8.4.1.3: the same coding under its old name.
    case "x-gzip":
      return "gzip";
    case "zstd":
      return "zstd";
    case "identity":
      return "identity";
    case "*":
      return "any";
    default:
      return undefined;
  }
}

const WEIGHT = /^[ \t]*q=(?:(0(?:\.\d{0,3})?)|(1(?:\.0{0,3})?))[ \t]*$/i;

function parseWeight(text: string): number | undefined {
  const match = WEIGHT.exec(text);
  if (match === null) return undefined;
  const [, fraction] = match;
  return fraction === undefined ? 1_000 : Math.round(Number(fraction) * 1_000);
}

/** The weight that a client gives to a coding, 0..1000; 0 is "not acceptable". Source: RFC 9110 12.5.3. */
export function weightOf(accepted: AcceptedCodings | undefined, coding: NegotiatedCoding): number {
  if (coding === "identity") return accepted?.identity ?? accepted?.any ?? 1_000;
  return accepted === undefined ? 0 : (accepted[coding] ?? accepted.any ?? 0);
}

/**
 * The coding to answer with.
 *
 * The client's weights decide, among equals the order of `available`. The body as it is comes after a coding unless the client
 * asks for it by a higher weight.
 *
 * @param accepted - `undefined` without the field: then the body stays as it is, which every client understands
 * @param available - best first
 * @returns `undefined` when the client refuses all that there is, the body as it is among it
 */
export function chooseCoding(
  accepted: AcceptedCodings | undefined,
  available: readonly Coding[],
): NegotiatedCoding | undefined {
  if (accepted === undefined) return "identity";
  let best: NegotiatedCoding | undefined;
  let bestWeight = 0;
  for (const coding of available) {
    const weight = weightOf(accepted, coding);
    if (weight > bestWeight) {
      best = coding;
      bestWeight = weight;
    }
  }
  const plain = accepted.identity ?? accepted.any;
  // Not named, it is acceptable, and less wanted than what is named.
  if (best === undefined) return plain === 0 ? undefined : "identity";
  return plain !== undefined && plain > bestWeight ? "identity" : best;
}

/**
 * The coding for an `Accept-Encoding` field.
 *
 * @param header - `undefined` without the field
 * @param available - best first
 * @returns `undefined` when nothing is acceptable: answer 406
 */
export function negotiateCoding(
  header: string | undefined,
  available: readonly Coding[],
): NegotiatedCoding | undefined {
  return header === undefined ? "identity" : chooseCoding(parseAcceptEncoding(header), available);
}
