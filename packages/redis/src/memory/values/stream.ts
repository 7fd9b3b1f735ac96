export interface StreamId {
  readonly ms: number;
  readonly sequence: number;
}

export interface StreamEntry {
  readonly id: StreamId;
  readonly fields: readonly string[];
}

export const FIRST_ID: StreamId = { ms: 0, sequence: 0 };
export const LAST_ID: StreamId = {
  ms: Number.MAX_SAFE_INTEGER,
  sequence: Number.MAX_SAFE_INTEGER,
};

/** Entries by id; ids only grow, also over what was removed. */
export class Stream {
  lastId: StreamId = FIRST_ID;
  #entries: StreamEntry[] = [];

  get length(): number {
    return this.#entries.length;
  }

  get entries(): readonly StreamEntry[] {
    return this.#entries;
  }

  append(entry: StreamEntry): void {
    this.lastId = entry.id;
    this.#entries.push(entry);
  }

  /** Both ends included. */
  range(from: StreamId, to: StreamId): readonly StreamEntry[] {
    return this.#entries.filter(({ id }) => compareIds(id, from) >= 0 && compareIds(id, to) <= 0);
  }

  after(id: StreamId): readonly StreamEntry[] {
    return this.#entries.filter((entry) => compareIds(entry.id, id) > 0);
  }

  /** @returns how many went */
  trimToLength(length: number): number {
    const removed = Math.max(0, this.#entries.length - length);
    this.#entries.splice(0, removed);
    return removed;
  }

  trimBefore(id: StreamId): number {
    const kept = this.#entries.filter((entry) => compareIds(entry.id, id) >= 0);
    const removed = this.#entries.length - kept.length;
    this.#entries = kept;
    return removed;
  }

  delete(id: StreamId): boolean {
    const index = this.#entries.findIndex((entry) => compareIds(entry.id, id) === 0);
    if (index >= 0) this.#entries.splice(index, 1);
    return index >= 0;
  }
}

export function compareIds(left: StreamId, right: StreamId): number {
  return left.ms - right.ms || left.sequence - right.sequence;
}

export function idText({ ms, sequence }: StreamId): string {
  return `${ms}-${sequence}`;
}
