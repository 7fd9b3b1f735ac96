import { LRUCache } from "lru-cache";
import { assertSize } from "./assert-size.ts";
import type { MemoryBounds, MemoryIndex, MemoryLevel } from "./memory-level.ts";

/**
 * A hit moves an entry to the head only when more than a sixteenth of the cache was added since it was last moved there; else the hit costs no more than
 * finding it. So the order is exact between entries whose last uses lie further apart than that, and one that is used never goes earlier than such an
 * idle one. What is popular moves at most once per sixteenth; what is only read moves never.
 */
const NEAR_HEAD_SHIFT = 4;
/** Below it every hit counts, and the order is strict: a sixteenth of so few is not worth a difference that people would notice. */
const FEWEST_FOR_NEAR_HEAD = 256;

/** One entry in its place; the order of use is kept over these, across indexes. */
class Slot<E extends object> {
  readonly index: LruIndex<E>;
  readonly key: string;
  readonly sizeBytes: number;
  entry: E;
  /** The level's count when this one was moved to the head. */
  movedAt = 0;

  constructor(index: LruIndex<E>, key: string, entry: E, sizeBytes: number) {
    this.index = index;
    this.key = key;
    this.entry = entry;
    this.sizeBytes = sizeBytes;
  }
}

/** The least recently used goes first. The library `lru-cache` keeps the order and both bounds. */
export class LruLevel<E extends object> implements MemoryLevel<E> {
  /** A slot that was moved to the head when fewer had been added is no longer near it. */
  nearHeadSince = 0;
  sizeBytes = 0;
  evictedCount = 0;
  /** Entries that were added so far; in a strict order also moves to the head. */
  #addedCount = 0;
  readonly #maxBytes: number;
  readonly #isStrict: boolean;
  readonly #order: LRUCache<Slot<E>, Slot<E>>;
  readonly #indexes = new Map<string, LruIndex<E>>();

  constructor({ maxEntries, maxBytes }: MemoryBounds) {
    this.#maxBytes = maxBytes;
    this.#isStrict = maxEntries < FEWEST_FOR_NEAR_HEAD;
    this.#order = new LRUCache<Slot<E>, Slot<E>>({
      max: maxEntries,
      // The library wants sizes >= 1. Its sum is never below ours, so its bound holds ours.
      ...(maxBytes === Infinity
        ? {}
        : { maxSize: maxBytes, sizeCalculation: (slot) => Math.max(1, Math.ceil(slot.sizeBytes)) }),
      dispose: (slot, _key, reason) => {
        this.sizeBytes -= slot.sizeBytes;
        if (reason !== "evict") return;
        this.evictedCount += 1;
        slot.index.forget(slot.key);
      },
    });
  }

  get entryCount(): number {
    return this.#order.size;
  }

  open(name: string): LruIndex<E> {
    let index = this.#indexes.get(name);
    if (index === undefined) this.#indexes.set(name, (index = new LruIndex<E>(this)));
    return index;
  }

  clear(): void {
    for (const index of this.#indexes.values()) index.clear();
  }

  /** @returns whether there is room for it at all */
  add(slot: Slot<E>): boolean {
    if (slot.sizeBytes > this.#maxBytes) return false;
    this.sizeBytes += slot.sizeBytes;
    this.#order.set(slot, slot);
    this.#addedCount += 1;
    slot.movedAt = this.#addedCount;
    this.#measure();
    return true;
  }

  moveToHead(slot: Slot<E>): void {
    this.#order.get(slot);
    if (this.#isStrict) this.#addedCount += 1;
    slot.movedAt = this.#addedCount;
    this.#measure();
  }

  remove(slot: Slot<E>): void {
    this.#order.delete(slot);
    this.#measure();
  }

  #measure(): void {
    const nearHead = this.#isStrict ? 0 : this.#order.size >> NEAR_HEAD_SHIFT;
    this.nearHeadSince = this.#addedCount - nearHead;
  }
}

class LruIndex<E extends object> implements MemoryIndex<E> {
  readonly #level: LruLevel<E>;
  readonly #slots = new Map<string, Slot<E>>();

  constructor(level: LruLevel<E>) {
    this.#level = level;
  }

  get size(): number {
    return this.#slots.size;
  }

  get(key: string): E | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    if (slot.movedAt < this.#level.nearHeadSince) this.#level.moveToHead(slot);
    return slot.entry;
  }

  set(key: string, entry: E, sizeBytes: number): void {
    assertSize(sizeBytes);
    const old = this.#slots.get(key);
    if (old !== undefined) {
      if (old.sizeBytes === sizeBytes) {
        old.entry = entry;
        this.#level.moveToHead(old);
        return;
      }
      this.#remove(old);
    }
    const slot = new Slot(this, key, entry, sizeBytes);
    if (this.#level.add(slot)) this.#slots.set(key, slot);
  }

  delete(key: string): boolean {
    const slot = this.#slots.get(key);
    if (slot === undefined) return false;
    this.#remove(slot);
    return true;
  }

  keys(): IterableIterator<string> {
    return this.#slots.keys();
  }

  clear(): void {
    for (const slot of this.#slots.values()) this.#level.remove(slot);
    this.#slots.clear();
  }

  /** The level let go of it. */
  forget(key: string): void {
    this.#slots.delete(key);
  }

  #remove(slot: Slot<E>): void {
    this.#slots.delete(slot.key);
    this.#level.remove(slot);
  }
}
