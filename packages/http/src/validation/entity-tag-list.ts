import type { NegotiatedCoding } from "../coding/coding.ts";
import { type AcceptedCodings, weightOf } from "../negotiation/accept-encoding.ts";
import { type EntityTag, formatTag } from "./entity-tag.ts";

/** What comes after it is not read, and so does not match: a body too many, never one too few. */
const LONGEST_LIST = 8_000;

/** One member of a list: a tag, or what is not one up to the next comma. */
const MEMBER = /[ \t]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*(?=,|$)|[^,]*)(?:,|$)/y;

const CODINGS: readonly NegotiatedCoding[] = ["identity", "gzip", "br", "zstd"];

/**
 * The coding whose tag is in an `If-None-Match` list, compared weakly (RFC 9110 8.8.3.2).
 *
 * @param accepted - a tag of a coding that the client does not take now does not count: a shared cache lists what it holds for others
 * @param preferred - the coding that would be sent; it wins when it is in the list
 * @returns `undefined` when none is
 */
export function findListedCoding(
  list: string,
  tag: EntityTag,
  accepted: AcceptedCodings | undefined,
  preferred: NegotiatedCoding,
): NegotiatedCoding | undefined {
  if (list === formatTag(tag, preferred)) return preferred;
  const codings = listedCodings(list, tag, false);
  if (codings.includes(preferred) || (tag.isWeak && codings.length > 0)) return preferred;
  return codings.find((coding) => weightOf(accepted, coding) > 0);
}

/** Whether an `If-Match` list has the tag in any coding, compared strongly: weak tags never match (RFC 9110 13.1.1). */
export function isListedStrongly(list: string, tag: EntityTag): boolean {
  return !tag.isWeak && listedCodings(list, tag, true).length > 0;
}

function listedCodings(list: string, tag: EntityTag, strongly: boolean): NegotiatedCoding[] {
  const text =
    list.length > LONGEST_LIST ? list.slice(0, list.lastIndexOf(",", LONGEST_LIST) + 1) : list;
  const codings: NegotiatedCoding[] = [];
  MEMBER.lastIndex = 0;
  while (MEMBER.lastIndex < text.length) {
    const match = MEMBER.exec(text);
    if (match === null) break;
    const [, weak, opaque] = match;
    if (opaque === undefined || (strongly && weak !== undefined)) continue;
    const coding = codingOf(opaque, tag);
    if (coding !== undefined) codings.push(coding);
  }
  return codings;
}

function codingOf(opaque: string, tag: EntityTag): NegotiatedCoding | undefined {
  if (!opaque.startsWith(tag.opaque)) return undefined;
  if (opaque.length === tag.opaque.length) return "identity";
  if (tag.isWeak) return undefined;
  return CODINGS.find((coding) => formatTag(tag, coding) === `"${opaque}"`);
}
