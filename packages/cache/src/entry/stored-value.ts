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
const PRESENT = "v";
const ABSENT = "a";

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
    stored.isAbsent ? ABSENT : PRESENT,
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
  // Read for every hit in Redis: no list of parts is made.
  const hardFrom = SOFT_DIGITS + 1;
  const clockFrom = text.indexOf("|", hardFrom) + 1;
  const ttlFrom = text.indexOf("|", clockFrom) + 1;
  const loadFrom = text.indexOf("|", ttlFrom) + 1;
  const kindFrom = text.indexOf("|", loadFrom) + 1;
  const tagsFrom = kindFrom + 2;
  const end = text.indexOf("\n", tagsFrom);
  if (clockFrom === 0 || ttlFrom === 0 || loadFrom === 0 || kindFrom === 0 || end === -1)
    return undefined;
  const softUntilMs = Number(text.slice(0, SOFT_DIGITS));
  const hardUntilMs = Number(text.slice(hardFrom, clockFrom - 1));
  const clock = Number(text.slice(clockFrom, ttlFrom - 1));
  const ttlMs = Number(text.slice(ttlFrom, loadFrom - 1));
  const loadMs = Number(text.slice(loadFrom, kindFrom - 1));
  // One that is no number makes the sum none.
  if (Number.isNaN(softUntilMs + hardUntilMs + clock + ttlMs + loadMs)) return undefined;
  const isAbsent = text.charAt(kindFrom) === ABSENT;
  try {
    const value = isAbsent ? undefined : codec.decode(text.slice(end + 1));
    const tags = end === tagsFrom ? NO_TAGS : tagsOf(text.slice(tagsFrom, end));
    return { value, isAbsent, softUntilMs, hardUntilMs, clock, ttlMs, loadMs, tags };
  } catch {
    return undefined;
  }
}

const NO_TAGS: readonly string[] = [];

function tagsOf(text: string): readonly string[] {
  const tags: unknown = JSON.parse(text);
  if (!Array.isArray(tags)) throw new SyntaxError("tags are no list");
  return tags.map(String);
}
