import { assertSize } from "./assert-size.ts";
import type { MemoryIndex } from "./memory-level.ts";
import type { S3FifoLevel } from "./s3-fifo-level.ts";

/** Uses beyond it are not counted. Source: S3-FIFO, SOSP 2023: two bits. */
const MOST_USES = 3;

export class S3FifoSlot<E extends object> {
  readonly index: S3FifoIndex<E>;
  readonly key: string;
  entry: E;
  sizeBytes: number;
  useCount = 0;
  isInMain = false;
  towardsHead: S3FifoSlot<E> | undefined;
  towardsTail: S3FifoSlot<E> | undefined;

  constructor(index: S3FifoIndex<E>, key: string, entry: E, sizeBytes: number) {
    this.index = index;
    this.key = key;
    this.entry = entry;
    this.sizeBytes = sizeBytes;
    this.towardsHead = undefined;
    this.towardsTail = undefined;
  }

  used(): void {
    if (this.useCount < MOST_USES) this.useCount += 1;
  }
}

/** A key whose entry is gone. */
export interface Ghost<E extends object> {
  readonly index: S3FifoIndex<E>;
  readonly key: string;
  readonly sizeBytes: 0;
  towardsHead: Ghost<E> | undefined;
  towardsTail: Ghost<E> | undefined;
}

export class S3FifoIndex<E extends object> implements MemoryIndex<E> {
  /** Kept by the level. */
  readonly ghosts: Map<string, Ghost<E>> = new Map();
  readonly #level: S3FifoLevel<E>;
  readonly #slots = new Map<string, S3FifoSlot<E>>();

  constructor(level: S3FifoLevel<E>) {
    this.#level = level;
  }

  get size(): number {
    return this.#slots.size;
  }

  get(key: string): E | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    slot.used();
    return slot.entry;
  }

  set(key: string, entry: E, sizeBytes: number): void {
    assertSize(sizeBytes);
    if (!this.#level.canHold(sizeBytes)) {
      this.delete(key);
      return;
    }
    const old = this.#slots.get(key);
    if (old === undefined) {
      const slot = new S3FifoSlot(this, key, entry, sizeBytes);
      this.#slots.set(key, slot);
      this.#level.add(slot, this.ghosts.get(key));
      return;
    }
    old.entry = entry;
    old.used();
    if (old.sizeBytes === sizeBytes) return;
    // Out of its queue while room is made, so that it is not what goes.
    this.#level.remove(old);
    old.sizeBytes = sizeBytes;
    this.#level.put(old);
  }

  delete(key: string): boolean {
    const slot = this.#slots.get(key);
    if (slot === undefined) return false;
    this.#slots.delete(key);
    this.#level.remove(slot);
    return true;
  }

  keys(): IterableIterator<string> {
    return this.#slots.keys();
  }

  clear(): void {
    for (const slot of this.#slots.values()) this.#level.remove(slot);
    this.#slots.clear();
    for (const ghost of this.ghosts.values()) this.#level.dropGhost(ghost);
  }

  /** The level let go of it. */
  forget(key: string): void {
    this.#slots.delete(key);
  }
}
