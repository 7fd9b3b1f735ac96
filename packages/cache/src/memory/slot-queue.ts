/** What a `SlotQueue` strings together. */
export interface QueueLink<Slot> {
  readonly sizeBytes: number;
  towardsHead: Slot | undefined;
  towardsTail: Slot | undefined;
}

/** A doubly linked list that knows its length and the sum of its sizes: slots enter at the head, leave at the tail or from anywhere. */
export class SlotQueue<Slot extends QueueLink<Slot>> {
  count = 0;
  sizeBytes = 0;
  tail: Slot | undefined;
  #head: Slot | undefined;

  /** @param slot - in no queue now */
  push(slot: Slot): void {
    slot.towardsHead = undefined;
    slot.towardsTail = this.#head;
    if (this.#head === undefined) this.tail = slot;
    else this.#head.towardsHead = slot;
    this.#head = slot;
    this.count += 1;
    this.sizeBytes += slot.sizeBytes;
  }

  /** @param slot - in this queue now */
  remove(slot: Slot): void {
    if (slot.towardsHead === undefined) this.#head = slot.towardsTail;
    else slot.towardsHead.towardsTail = slot.towardsTail;
    if (slot.towardsTail === undefined) this.tail = slot.towardsHead;
    else slot.towardsTail.towardsHead = slot.towardsHead;
    slot.towardsHead = undefined;
    slot.towardsTail = undefined;
    this.count -= 1;
    this.sizeBytes -= slot.sizeBytes;
  }
}
