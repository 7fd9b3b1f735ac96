import type { Clock } from "@upshift/foundation";
import { CommandError } from "./server-reply.ts";
import { SortedSet } from "./values/sorted-set.ts";
import { Stream } from "./values/stream.ts";

/** Values by type, as TYPE names them. Strings are bytes, one per character. */
export interface Values {
  readonly string: string;
  readonly hash: Map<string, string>;
  readonly list: string[];
  readonly set: Set<string>;
  readonly zset: SortedSet;
  readonly stream: Stream;
}

export type ValueType = keyof Values;

interface Entry {
  readonly type: ValueType;
  readonly value: Values[ValueType];
  /** Grows with each new key: the order and the cursor of SCAN. */
  readonly sequence: number;
  expiresAtMs: number | undefined;
}

const WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";

const CREATE: { readonly [Type in ValueType]: () => Values[Type] } = {
  string: () => "",
  hash: () => new Map(),
  list: () => [],
  set: () => new Set(),
  zset: () => new SortedSet(),
  stream: () => new Stream(),
};

/** Keys with their values and expiries. A key whose time has come is gone for whoever looks. */
export class Keyspace {
  readonly #entries = new Map<string, Entry>();
  readonly #clock: Clock;
  #lastSequence = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get nowMs(): number {
    return this.#clock.now();
  }

  get size(): number {
    return [...this.keys()].length;
  }

  /** @throws {CommandError} when it holds another type */
  get<Type extends ValueType>(key: string, type: Type): Values[Type] | undefined {
    const entry = this.#live(key);
    if (entry === undefined) return undefined;
    if (!isOf(entry, type)) throw new CommandError(WRONG_TYPE);
    return entry.value;
  }

  /** The value to change, made when there is none; {@link tidy} follows where it may have become empty. */
  open<Type extends ValueType>(key: string, type: Type): Values[Type] {
    const found = this.get(key, type);
    if (found !== undefined) return found;
    const made = CREATE[type]();
    this.put(key, type, made, undefined);
    return made;
  }

  put<Type extends ValueType>(
    key: string,
    type: Type,
    value: Values[Type],
    expiresAtMs: number | undefined,
  ): void {
    const before = this.#live(key);
    if (before === undefined) this.#lastSequence += 1;
    const sequence = before?.sequence ?? this.#lastSequence;
    this.#entries.set(key, { type, value, sequence, expiresAtMs });
  }

  /** Changes a string and leaves its expiry. */
  replaceString(key: string, value: string): void {
    this.put(key, "string", value, this.expiresAtMs(key));
  }

  delete(key: string): boolean {
    return this.#live(key) !== undefined && this.#entries.delete(key);
  }

  /** An empty collection is no key; an empty stream is one. */
  tidy(key: string): void {
    const value = this.#entries.get(key)?.value;
    if (value === undefined || typeof value === "string" || value instanceof Stream) return;
    const size = Array.isArray(value) ? value.length : value.size;
    if (size === 0) this.#entries.delete(key);
  }

  type(key: string): ValueType | "none" {
    return this.#live(key)?.type ?? "none";
  }

  has(key: string): boolean {
    return this.#live(key) !== undefined;
  }

  expiresAtMs(key: string): number | undefined {
    return this.#live(key)?.expiresAtMs;
  }

  expireAt(key: string, atMs: number | undefined): void {
    const entry = this.#live(key);
    if (entry !== undefined) entry.expiresAtMs = atMs;
  }

  *keys(): IterableIterator<string> {
    for (const key of this.#entries.keys()) if (this.#live(key) !== undefined) yield key;
  }

  /** Keys that came after the cursor, at most `count`. Whoever was there all along is not missed, whatever comes and goes. */
  scan(cursor: number, count: number): { readonly next: number; readonly keys: readonly string[] } {
    const keys: string[] = [];
    let last = cursor;
    for (const [key, { sequence }] of this.#entries) {
      if (sequence <= cursor || this.#live(key) === undefined) continue;
      if (keys.length === count) return { next: last, keys };
      keys.push(key);
      last = sequence;
    }
    return { next: 0, keys };
  }

  clear(): void {
    this.#entries.clear();
  }

  #live(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry?.expiresAtMs === undefined || entry.expiresAtMs > this.#clock.now()) return entry;
    this.#entries.delete(key);
    return undefined;
  }
}

function isOf<Type extends ValueType>(
  entry: Entry,
  type: Type,
): entry is Entry & { readonly value: Values[Type] } {
  return entry.type === type;
}
