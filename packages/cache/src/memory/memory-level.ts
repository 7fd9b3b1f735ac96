import { InvalidArgumentError } from "@upshift/foundation";
import { LruLevel } from "./lru-level.ts";
import { S3FifoLevel } from "./s3-fifo-level.ts";

/**
 * What a process keeps of all definitions, under one budget.
 *
 * Each definition has an index of its own by the user's key, so that a hit builds no text from name and key.
 */
export interface MemoryLevel<E extends object> {
  /** The index of a definition; the same one for the same name. */
  open(name: string): MemoryIndex<E>;
  readonly entryCount: number;
  /** The sum of what was given to `set` for the entries that are kept. */
  readonly sizeBytes: number;
  /** Entries that went to make room; those that were deleted or replaced are not counted. */
  readonly evictedCount: number;
  /** Empties every index. */
  clear(): void;
}

/** The entries of one definition. */
export interface MemoryIndex<E extends object> {
  get(key: string): E | undefined;
  /**
   * Keeps an entry, in place of the one that was under this key. Others go to make room; an entry larger than the whole budget is not kept, and neither is
   * the one it should have replaced.
   *
   * @param sizeBytes - 0 or more
   */
  set(key: string, entry: E, sizeBytes: number): void;
  /** @returns whether there was one */
  delete(key: string): boolean;
  /** Entries that are added or go meanwhile may be seen or not; it is safe to delete while iterating. Does not count as use. */
  keys(): IterableIterator<string>;
  readonly size: number;
  clear(): void;
}

export interface MemoryLevelOptions {
  /** Default is 50,000. */
  readonly maxEntries?: number;
  /** Default is no bound but that of entries. */
  readonly maxBytes?: number;
  /**
   * What goes first. `lru`, the default: what was not used for longest, near enough (see `lru-level.ts`). `s3fifo`: what was used once goes before what was
   * used again, so scans do not wash out what is popular.
   */
  readonly eviction?: "lru" | "s3fifo";
}

/** The bounds of a level, checked. */
export interface MemoryBounds {
  readonly maxEntries: number;
  /** Infinity without a bound. */
  readonly maxBytes: number;
}

/**
 * @throws {InvalidArgumentError} when a bound is not an integer >= 1
 */
export function createMemoryLevel<E extends object>(
  options: MemoryLevelOptions = {},
): MemoryLevel<E> {
  const { maxEntries = 50_000, maxBytes, eviction = "lru" } = options;
  if (!Number.isSafeInteger(maxEntries) || maxEntries < 1)
    throw new InvalidArgumentError("`maxEntries` as an integer >= 1", maxEntries);
  if (maxBytes !== undefined && (!Number.isSafeInteger(maxBytes) || maxBytes < 1))
    throw new InvalidArgumentError("`maxBytes` as an integer >= 1", maxBytes);
  const bounds: MemoryBounds = { maxEntries, maxBytes: maxBytes ?? Infinity };
  switch (eviction) {
    case "lru":
      return new LruLevel<E>(bounds);
    case "s3fifo":
      return new S3FifoLevel<E>(bounds);
    default:
      throw new InvalidArgumentError('`eviction` as "lru" or "s3fifo"', eviction);
  }
}
