import { delay, InvalidArgumentError, systemClock } from "@upshift/foundation";
import type { CommandTarget, Redis } from "../redis.ts";
import { RedisUnavailableError } from "../redis-errors.ts";

export interface ScanOptions {
  /** Glob of the keys; default `*`. Text that is to be taken as it is goes through {@link escapeGlob}. */
  readonly match?: string;
  /** Keys that the server looks at per round trip. Default is 500: about 0.2 ms of its time. */
  readonly count?: number;
  /** Only keys of this type: `string`, `hash`, `zset`, … */
  readonly type?: string;
  readonly signal?: AbortSignal | undefined;
}

/** @throws {InvalidArgumentError} */
export function assertScanOptions({ match, count = DEFAULT_COUNT, type }: ScanOptions): void {
  for (const [name, given] of Object.entries({ match, type }))
    if (given !== undefined && typeof given !== "string")
      throw new InvalidArgumentError(`\`${name}\` as text`, given);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new InvalidArgumentError("`count` as a whole number >= 1", count);
}

const DEFAULT_COUNT = 500;
/** Each follows a failover or a lost connection. */
const MOST_PASSES = 8;
/** For what stands in the way of a pass to be over: a failover takes seconds. */
const PATIENCE_MS = 15_000;
const PAUSE_MS = 50;

/**
 * The keys of every master in pages, as buffers.
 *
 * A cursor is worth nothing on another server, or on one that has started anew, and slots that move take keys behind the scan's back. So a pass during which the
 * connection was lost or the masters changed is followed by another one, and a key may come several times.
 *
 * @yields pages that are not empty
 * @throws {RedisUnavailableError} when no pass of several was left in peace
 */
export async function* scanPages(
  redis: Redis,
  options: ScanOptions,
): AsyncGenerator<readonly Buffer[], void, undefined> {
  const { signal } = options;
  let isDisturbed = false;
  const disturb = (): void => {
    isDisturbed = true;
  };
  const stopWatching = redis.watch({ onDown: disturb, onFailover: disturb });
  let lastError: unknown;
  try {
    for (let pass = 0; pass < MOST_PASSES; pass += 1) {
      signal?.throwIfAborted();
      if (pass > 0) await delay(systemClock, PAUSE_MS, signal);
      await redis.ready({ timeoutMs: PATIENCE_MS, signal });
      isDisturbed = false;
      try {
        for (const master of await redis.masters()) yield* pagesOf(master, options);
        if (!isDisturbed) return;
      } catch (error) {
        signal?.throwIfAborted();
        if (!isPassing(error)) throw error;
        lastError = error;
      }
    }
    const reason = `the masters changed or were lost during each of ${MOST_PASSES} passes`;
    throw new RedisUnavailableError("SCAN", reason, lastError);
  } finally {
    stopWatching();
  }
}

async function* pagesOf(
  master: CommandTarget,
  { match, count = DEFAULT_COUNT, type, signal }: ScanOptions,
): AsyncGenerator<readonly Buffer[], void, undefined> {
  const filter = [
    ...(match === undefined ? [] : ["MATCH", match]),
    "COUNT",
    String(count),
    ...(type === undefined ? [] : ["TYPE", type]),
  ];
  let cursor: string | undefined = "0";
  do {
    const page = toPage(
      await master.send(["SCAN", cursor, ...filter], { asBuffers: true, signal }),
    );
    if (page.keys.length > 0) yield page.keys;
    cursor = page.cursor;
  } while (cursor !== "0");
}

function toPage(reply: Awaited<ReturnType<CommandTarget["send"]>>): {
  readonly cursor: string;
  readonly keys: readonly Buffer[];
} {
  if (!Array.isArray(reply)) return { cursor: "0", keys: [] };
  const [cursor, keys]: readonly unknown[] = reply;
  return {
    cursor: Buffer.isBuffer(cursor) ? cursor.toString() : "0",
    keys: Array.isArray(keys) ? keys.filter((key) => Buffer.isBuffer(key)) : [],
  };
}

const PASSING: ReadonlySet<unknown> = new Set([
  "UPSHIFT_REDIS_TIMEOUT",
  "UPSHIFT_REDIS_CONNECTION_LOST",
  "UPSHIFT_REDIS_UNAVAILABLE",
]);

/** It may go well the next time, and doing it twice does no harm. */
export function isPassing(error: unknown): boolean {
  return error instanceof Error && "code" in error && PASSING.has(error.code);
}
