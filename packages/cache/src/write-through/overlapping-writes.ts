interface Writes {
  count: number;
  isOverlapped: boolean;
}

/** Writes of this process to the database, by key: of two at a time nobody knows which the database took last. */
export class OverlappingWrites {
  readonly #writes = new Map<string, Writes>();

  /** @returns ends the write, and says whether no other overlapped it */
  begin(key: string): () => boolean {
    const writes = this.#writes.get(key) ?? { count: 0, isOverlapped: false };
    this.#writes.set(key, writes);
    writes.count += 1;
    if (writes.count > 1) writes.isOverlapped = true;
    return () => {
      writes.count -= 1;
      if (writes.count === 0) this.#writes.delete(key);
      return !writes.isOverlapped;
    };
  }
}
