import type { TracingChannel } from "node:diagnostics_channel";
import type { CacheMessage, Clock, TimerClock } from "@upshift/foundation";
import type { Codec } from "../codec/codec.ts";
import type { Applier } from "../invalidation/applier.ts";
import type { TagTimes } from "../invalidation/tag-times.ts";
import type { Journal } from "../journal/journal.ts";
import type { ServerTime } from "../journal/server-time.ts";
import type { RedisLevel } from "../redis-level/redis-level.ts";
import type { WakeCalls } from "../redis-level/wake-calls.ts";

/** What the definitions of one cache share. */
export interface Core {
  readonly namespace: string;
  readonly channel: TracingChannel<string, CacheMessage>;
  readonly clock: TimerClock;
  /** The time for hits in memory: read less often than the clock. */
  readonly turnClock: Clock;
  readonly random: () => number;
  readonly codec: Codec;
  readonly journal: Journal;
  readonly tagTimes: TagTimes;
  /** What this process invalidates, and what Redis has not taken of it yet. */
  readonly applier: Applier;
  readonly redis: RedisParts | undefined;
  readonly disconnectedTtlMs: number;
  /** Aborted when the cache is closed. */
  readonly closing: AbortSignal;
  /** Something is kept for so long: tags are to be known as long. */
  keeps(keepMs: number): void;
  /** Failures that no caller sees. */
  onError(error: unknown): void;
}

export interface RedisParts {
  readonly level: RedisLevel;
  readonly serverTime: ServerTime;
  readonly wakeCalls: WakeCalls;
  /** Redis is given up after this where a stale value is at hand. */
  readonly softTimeoutMs: number;
  readonly hardTimeoutMs: number;
  /**
   * When these tags were last invalidated, asked of Redis: for values older than what this process has heard of.
   *
   * @returns whether all that may have happened to them is known now
   */
  askTags(tags: readonly string[], clock: number, timeoutMs: number): Promise<boolean>;
}
