import type { Codec } from "../codec/codec.ts";

/** A value and what is known of it, as it lies in Redis. Times are ms on the server's clock. */
export interface StoredValue {
  /** `undefined` when the loader said that there is none. */
  readonly value: unknown;
  readonly isAbsent: boolean;
  /** Until when it is fresh; 0 when it was expired. */
  readonly softUntilMs: number;
  /** Until when it may be used at all. */
  readonly hardUntilMs: number;
  /** Of the journal, read before the value was loaded: an invalidation with a higher one makes it void. */
  readonly clock: number;
  /** How long it was fresh when it was stored. */
  readonly ttlMs: number;
  readonly loadMs: number;
  readonly tags: readonly string[];
}

/** Before the first field, so that a script can expire a value without reading the rest: 13 digits. */
const SOFT_DIGITS = 13;

/**
 * `softUntil|hardUntil|clock|ttl|loadMs|v or a|tags as JSON` and, in the next line, what the codec made of the value. A script changes the first 13 characters, and tells one text from
 * another by its first line.
 */
export function writeStored(stored: StoredValue, codec: Codec): string {
  const { tags } = stored;
  const head = [
    String(Math.round(stored.softUntilMs)).padStart(SOFT_DIGITS, "0"),
    Math.round(stored.hardUntilMs),
    stored.clock,
    Math.round(stored.ttlMs),
    Math.round(stored.loadMs),
    stored.isAbsent ? "a" : "v",
    tags.length === 0 ? "" : JSON.stringify(tags),
  ].join("|");
  return `${head}\n${stored.isAbsent ? "" : codec.encode(stored.value)}`;
}

/** The first line: what changes whenever the value is stored again. */
export function headOf(text: string): string {
  return text.slice(0, Math.max(0, text.indexOf("\n")));
}

/** @returns `undefined` for what is not of this form, or not of this codec */
export function readStored(text: string, codec: Codec): StoredValue | undefined {
  const end = text.indexOf("\n");
  if (end === -1) return undefined;
  const parts = text.slice(0, end).split("|");
  const [soft, hard, clock, ttl, load, kind] = parts;
  const numbers = [soft, hard, clock, ttl, load].map(Number);
  const [softUntilMs = Number.NaN, hardUntilMs = 0, at = 0, ttlMs = 0, loadMs = 0] = numbers;
  if (parts.length < 7 || numbers.some(Number.isNaN)) return undefined;
  try {
    return {
      value: kind === "a" ? undefined : codec.decode(text.slice(end + 1)),
      isAbsent: kind === "a",
      softUntilMs,
      hardUntilMs,
      clock: at,
      ttlMs,
      loadMs,
      tags: tagsOf(parts.slice(6).join("|")),
    };
  } catch {
    return undefined;
  }
}

const NO_TAGS: readonly string[] = [];

function tagsOf(text: string): readonly string[] {
  if (text === "") return NO_TAGS;
  const tags: unknown = JSON.parse(text);
  if (!Array.isArray(tags)) throw new SyntaxError("tags are no list");
  return tags.map(String);
}
