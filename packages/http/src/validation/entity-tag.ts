import { hash } from "node:crypto";
import { InvalidArgumentError } from "@upshift/foundation";
import { isCoding, type NegotiatedCoding } from "../coding/coding.ts";

/**
 * Names one version of a representation in all its codings.
 *
 * A strong tag stands for bytes, so it is written differently for each coding: `"x"`, `"x-gzip"`, `"x-br"` (RFC 9110 8.8.3.3).
 * A weak one stands for the meaning, and is `W/"x"` in all of them.
 */
export interface EntityTag {
  /** Without quotes, `W/` and coding. */
  readonly opaque: string;
  readonly isWeak: boolean;
}

/** A version of a record: a number, text, a date. Equal versions say that the body would be the same. */
export type Version = string | number | bigint | Date;

/** 162 bits of the hash: equal ones are not to be found, not even by a user who chooses the content. */
const HASH_CHARACTERS = 27;

/** A tag for a body by its content. SHA-256, as collisions of the faster SHA-1 and of checksums can be made at will. */
export function tagOfContent(content: string | Uint8Array, isWeak: boolean): EntityTag {
  return { opaque: hash("sha256", content, "base64url").slice(0, HASH_CHARACTERS), isWeak };
}

/**
 * A tag for a version. Readable versions stay readable.
 *
 * @throws {InvalidArgumentError} for what is no version: of a column that is null, or a whole row, the tag would be the same for ever, and so would be what clients have
 */
export function tagOfVersion(version: Version, isWeak: boolean): EntityTag {
  const known = version instanceof Date ? version.getTime() : version;
  if (typeof known !== "string" && typeof known !== "bigint" && !Number.isFinite(known)) {
    throw new InvalidArgumentError(
      "a `validator` that gives a number, text, a date, or `undefined` where there is nothing",
      version,
    );
  }
  const text = String(known);
  const isReadable = READABLE.test(text) && splitCoding(text)[1] === "identity";
  return isReadable ? { opaque: text, isWeak } : tagOfContent(text, isWeak);
}

const READABLE = /^[\w.:+/=~-]{1,64}$/;

/** The field value for a coding of the body. */
export function formatTag(tag: EntityTag, coding: NegotiatedCoding): string {
  if (tag.isWeak) return `W/"${tag.opaque}"`;
  return coding === "identity" ? `"${tag.opaque}"` : `"${tag.opaque}-${coding}"`;
}

/** RFC 9110 8.8.3: printable ASCII without the quote, or bytes above. */
const TAG = /^(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"$/;

/**
 * A tag from a field that a program has set.
 *
 * @throws {InvalidArgumentError} when it is not of the form `"text"` or `W/"text"`
 */
export function parseTag(field: string): EntityTag {
  const match = TAG.exec(field);
  if (match === null) {
    throw new InvalidArgumentError(
      'an `ETag` of the form "text" or W/"text", quotes included',
      field,
    );
  }
  return { opaque: match[2] ?? "", isWeak: match[1] !== undefined };
}

/** An opaque part as it came, and the coding that its end names. */
export function splitCoding(opaque: string): readonly [string, NegotiatedCoding] {
  const dash = opaque.lastIndexOf("-");
  const coding = dash === -1 ? "" : opaque.slice(dash + 1);
  return isCoding(coding) ? [opaque.slice(0, dash), coding] : [opaque, "identity"];
}
