import type { MemoryBounds, MemoryLevel } from "./memory-level.ts";
import { type Ghost, S3FifoIndex, type S3FifoSlot } from "./s3-fifo-index.ts";
import { SlotQueue } from "./slot-queue.ts";

/** Share of the budget that newcomers wait in. Source: "FIFO queues are all you need for cache eviction", SOSP 2023, section 4. */
const SMALL_RATIO = 0.1;
/** Uses after which a newcomer stays. Source: as above, algorithm 1. */
const USES_TO_STAY = 2;

/**
 * S3-FIFO: newcomers pass through a small queue and leave it soon unless they are used again; what comes back soon after it left, or was used twice, goes to
 * the main queue, where each use gives another round. A hit changes a counter and moves nothing.
 */
export class S3FifoLevel<E extends object> implements MemoryLevel<E> {
  evictedCount = 0;
  readonly #bounds: MemoryBounds;
  readonly #small = new SlotQueue<S3FifoSlot<E>>();
  readonly #main = new SlotQueue<S3FifoSlot<E>>();
  /** Keys that left the small queue lately: as many as the main queue would hold of what is here now. */
  readonly #ghosts = new SlotQueue<Ghost<E>>();
  readonly #indexes = new Map<string, S3FifoIndex<E>>();

  constructor(bounds: MemoryBounds) {
    this.#bounds = bounds;
  }

  get entryCount(): number {
    return this.#small.count + this.#main.count;
  }

  get sizeBytes(): number {
    return this.#small.sizeBytes + this.#main.sizeBytes;
  }

  open(name: string): S3FifoIndex<E> {
    let index = this.#indexes.get(name);
    if (index === undefined) this.#indexes.set(name, (index = new S3FifoIndex<E>(this)));
    return index;
  }

  clear(): void {
    for (const index of this.#indexes.values()) index.clear();
  }

  canHold(sizeBytes: number): boolean {
    return sizeBytes <= this.#bounds.maxBytes;
  }

  /** @param ghost - of the same key, when it was here lately */
  add(slot: S3FifoSlot<E>, ghost: Ghost<E> | undefined): void {
    if (ghost !== undefined) {
      this.dropGhost(ghost);
      slot.isInMain = true;
    }
    this.put(slot);
  }

  /** Puts a slot at the head of its queue, after making room for it. */
  put(slot: S3FifoSlot<E>): void {
    const { maxEntries, maxBytes } = this.#bounds;
    while (this.entryCount >= maxEntries || this.sizeBytes + slot.sizeBytes > maxBytes) {
      if (!this.#evict()) break;
    }
    this.#queueOf(slot).push(slot);
  }

  remove(slot: S3FifoSlot<E>): void {
    this.#queueOf(slot).remove(slot);
  }

  dropGhost(ghost: Ghost<E>): void {
    this.#ghosts.remove(ghost);
    ghost.index.ghosts.delete(ghost.key);
  }

  /** Takes one step towards more room. @returns false when there is nothing left to evict */
  #evict(): boolean {
    const { maxEntries, maxBytes } = this.#bounds;
    const isSmallFull =
      this.#small.count >= maxEntries * SMALL_RATIO ||
      this.#small.sizeBytes >= maxBytes * SMALL_RATIO;
    const newcomer = this.#small.tail;
    const resident = this.#main.tail;
    if (newcomer !== undefined && (isSmallFull || resident === undefined)) {
      this.#passNewcomer(newcomer);
      return true;
    }
    if (resident === undefined) return false;
    this.#passResident(resident);
    return true;
  }

  #passNewcomer(slot: S3FifoSlot<E>): void {
    this.#small.remove(slot);
    if (slot.useCount >= USES_TO_STAY) {
      slot.useCount = 0;
      slot.isInMain = true;
      this.#main.push(slot);
      return;
    }
    this.#forget(slot);
    this.#remember({
      index: slot.index,
      key: slot.key,
      sizeBytes: 0,
      towardsHead: undefined,
      towardsTail: undefined,
    });
  }

  #passResident(slot: S3FifoSlot<E>): void {
    this.#main.remove(slot);
    if (slot.useCount > 0) {
      slot.useCount -= 1;
      this.#main.push(slot);
      return;
    }
    this.#forget(slot);
  }

  #forget(slot: S3FifoSlot<E>): void {
    this.evictedCount += 1;
    slot.index.forget(slot.key);
  }

  #remember(ghost: Ghost<E>): void {
    ghost.index.ghosts.set(ghost.key, ghost);
    this.#ghosts.push(ghost);
    const most = Math.ceil((1 - SMALL_RATIO) * this.entryCount);
    while (this.#ghosts.count > most && this.#ghosts.tail !== undefined)
      this.dropGhost(this.#ghosts.tail);
  }

  #queueOf(slot: S3FifoSlot<E>): SlotQueue<S3FifoSlot<E>> {
    return slot.isInMain ? this.#main : this.#small;
  }
}
