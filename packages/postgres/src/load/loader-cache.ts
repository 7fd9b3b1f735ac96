import type { Clock } from "@upshift/foundation";

/** Keys that one loader remembers; the oldest go first. */
const MOST_KEYS = 10_000;

interface Entry<V> {
  readonly value: V;
  readonly expiresAtMs: number;
}

/**
 * What a loader remembers, so that even one that is kept for too long, which is the usual mistake, serves nothing for longer than the time limit and takes no
 * more memory than that of its newest keys.
 */
export class LoaderCache<K, V> {
  readonly #entries = new Map<K, Entry<V>>();
  readonly #lifetimeMs: number;
  readonly #clock: Clock;

  constructor(lifetimeMs: number, clock: Clock) {
    this.#lifetimeMs = lifetimeMs;
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAtMs > this.#clock.now()) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    if (this.#entries.size >= MOST_KEYS) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(key, { value, expiresAtMs: this.#clock.now() + this.#lifetimeMs });
  }

  delete(key: K): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}

/** Two keys that mean the same to JavaScript are one: equal dates, bytes and lists, too. Keys that are only equal to the server are not: they are asked for side by side. */
export function cacheKey(key: unknown): unknown {
  return typeof key === "object" && key !== null ? JSON.stringify(tagged(key)) : key;
}

function tagged(value: unknown): unknown {
  if (value instanceof Date) return ["date", value.getTime()];
  if (ArrayBuffer.isView(value)) {
    return ["bytes", Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")];
  }
  if (Array.isArray(value)) return value.map(tagged);
  return typeof value === "bigint" ? ["bigint", value.toString()] : [typeof value, value];
}
