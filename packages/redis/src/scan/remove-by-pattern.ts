import {
  assertFunctions,
  delay,
  InvalidArgumentError,
  refuseUnknown,
  systemClock,
} from "@upshift/foundation";
import { assertRedis } from "../assert-redis.ts";
import { keySlot } from "../cluster/key-slot.ts";
import type { Redis } from "../redis.ts";
import { assertScanOptions, isPassing, type ScanOptions, scanPages } from "./scan-pages.ts";

export interface RemoveByPatternOptions extends Pick<ScanOptions, "count" | "type" | "signal"> {
  /** Keys per UNLINK. Default is 500. */
  readonly chunk?: number;
  /** After each page, with the keys that Redis has confirmed as removed so far. */
  readonly onProgress?: (removedCount: number) => void;
}

export interface RemovedByPattern {
  /** As Redis has counted them. */
  readonly removedCount: number;
}

const OPTIONS: ReadonlySet<keyof RemoveByPatternOptions> = new Set([
  "count",
  "type",
  "signal",
  "chunk",
  "onProgress",
]);
const DEFAULT_CHUNK = 500;
const MOST_ATTEMPTS = 20;
const PAUSE_MS = 50;

/**
 * Removes every key that matches, on every master, by SCAN and UNLINK: neither blocks the server.
 *
 * Every key that is there from beginning to end is gone afterwards, also across a failover. A key that is written meanwhile may stay.
 *
 * @param pattern - a glob; names in it go through {@link escapeGlob}. `*` is refused no more than anything else
 * @throws {RedisUnavailableError} when Redis is not reached; what was removed by then stays removed
 */
export async function removeByPattern(
  redis: Redis,
  pattern: string,
  options: RemoveByPatternOptions = {},
): Promise<RemovedByPattern> {
  refuseUnknown("removeByPattern", options, OPTIONS);
  const { chunk = DEFAULT_CHUNK, onProgress, signal, ...scanning } = options;
  assertRedis("removeByPattern", redis);
  // Without one SCAN would give every key there is.
  if (typeof pattern !== "string" || pattern === "")
    throw new InvalidArgumentError("`pattern` as text that is not empty", pattern);
  assertScanOptions(scanning);
  assertFunctions({ onProgress });
  if (!Number.isSafeInteger(chunk) || chunk < 1)
    throw new InvalidArgumentError("`chunk` as a whole number >= 1", chunk);
  let removedCount = 0;
  for await (const keys of scanPages(redis, { ...scanning, match: pattern, signal })) {
    const groups = redis.kind === "cluster" ? bySlot(keys) : [keys];
    const chunks = groups.flatMap((group) => inChunks(group, chunk));
    const counts = await Promise.all(chunks.map((each) => unlink(redis, each, signal)));
    for (const count of counts) removedCount += count;
    onProgress?.(removedCount);
  }
  return { removedCount };
}

/** Repeated when it is not answered: a key that is gone stays gone. */
async function unlink(
  redis: Redis,
  keys: readonly Buffer[],
  signal: AbortSignal | undefined,
): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const count = await redis.send(["UNLINK", ...keys], { signal });
      return typeof count === "number" ? count : 0;
    } catch (error) {
      if (!isPassing(error) || attempt === MOST_ATTEMPTS) throw error;
    }
    await delay(systemClock, PAUSE_MS, signal);
  }
}

function bySlot(keys: readonly Buffer[]): readonly (readonly Buffer[])[] {
  const groups = new Map<number, Buffer[]>();
  for (const key of keys) {
    const slot = keySlot(key);
    const group = groups.get(slot);
    if (group === undefined) groups.set(slot, [key]);
    else group.push(key);
  }
  return [...groups.values()];
}

function inChunks(keys: readonly Buffer[], size: number): readonly (readonly Buffer[])[] {
  return Array.from({ length: Math.ceil(keys.length / size) }, (_, index) =>
    keys.slice(index * size, (index + 1) * size),
  );
}
