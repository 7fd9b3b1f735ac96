import { createHash } from "node:crypto";
import { writeCanonical } from "./write-canonical.ts";

/** Redis and memory hold keys in full with every entry, and logs show them: beyond this a hash costs less than the key. */
const LONGEST_KEY_BYTES = 512;
/** No character takes more in UTF-8, per UTF-16 unit. */
const MOST_BYTES_PER_UNIT = 3;
const PREFIX_LENGTH = 64;
const HASH_MARK = "~";
/** The mark and SHA-256 in base64url. */
const HASH_LENGTH = 44;
/** Texts up to here cannot look like a hashed key, nor be too long. */
const PLAIN_LENGTH = PREFIX_LENGTH + HASH_LENGTH - 2;

const BRACE = 0x7b;
const BRACKET = 0x5b;
const QUOTE = 0x22;
const TILDE = 0x7e;

/**
 * The text under which a value is kept within its definition.
 *
 * - A string is its own key. Numbers, bigints and booleans are their text, so `42`, `42n` and `"42"` are one key: ids arrive as numbers from a
 *   database and as strings from a URL, and mean the same row.
 * - Objects and arrays become JSON with sorted keys. Members that are undefined are left out, a date is its ISO text, `-0` is `0`, a bigint is written `1n`.
 *   Within them the type counts: `{ id: 1 }` and `{ id: "1" }` are two keys.
 * - A string that could be taken for one of the above (it starts with `{`, `[` or `"`, or looks like a shortened key) is written in quotes.
 * - What is longer than 512 bytes becomes its first 64 characters, `~`, and the SHA-256 of all of it.
 *
 * Other inputs that differ have different keys.
 *
 * @throws {InvalidArgumentError} for null and undefined (a missing id must not become everybody's key), NaN and infinities, functions, symbols, objects of
 * classes, and objects that contain themselves
 */
export function normalizeKey(input: unknown): string {
  if (typeof input === "string") {
    if (input.length <= PLAIN_LENGTH && !startsLikeStructure(input)) return input;
    return shorten(isAmbiguous(input) ? JSON.stringify(input) : input);
  }
  return shorten(writeCanonical(input));
}

function startsLikeStructure(text: string): boolean {
  const first = text.charCodeAt(0);
  return first === BRACE || first === BRACKET || first === QUOTE;
}

function isAmbiguous(text: string): boolean {
  return startsLikeStructure(text) || looksShortened(text);
}

/** One character less where the prefix would have ended within a surrogate pair. */
function looksShortened(text: string): boolean {
  const { length } = text;
  return (
    (length === PREFIX_LENGTH + HASH_LENGTH || length === PREFIX_LENGTH + HASH_LENGTH - 1) &&
    text.charCodeAt(length - HASH_LENGTH) === TILDE
  );
}

function shorten(text: string): string {
  if (text.length * MOST_BYTES_PER_UNIT <= LONGEST_KEY_BYTES) return text;
  if (text.length <= LONGEST_KEY_BYTES && Buffer.byteLength(text) <= LONGEST_KEY_BYTES) return text;
  const hash = createHash("sha256").update(toBytes(text)).digest("base64url");
  return `${text.slice(0, prefixLength(text))}${HASH_MARK}${hash}`;
}

/** UTF-8 has no bytes for half a surrogate pair, so different texts with such halves would have one hash; UTF-16 has them. */
function toBytes(text: string): Buffer {
  return Buffer.from(text, "utf16le");
}

function prefixLength(text: string): number {
  const last = text.charCodeAt(PREFIX_LENGTH - 1);
  return last >= 0xd800 && last <= 0xdbff ? PREFIX_LENGTH - 1 : PREFIX_LENGTH;
}
