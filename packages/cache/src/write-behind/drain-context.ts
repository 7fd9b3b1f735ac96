import type { TimerClock } from "@upshift/foundation";
import type { Codec } from "../codec/codec.ts";
import type { Shard } from "./shard.ts";
import type { WriteBehind } from "./write-behind.ts";

/** What draining needs to know of the definition that it drains. */
export interface DrainContext<K, V> {
  readonly name: string;
  readonly declaration: WriteBehind<K, V>;
  readonly codec: Codec;
  readonly clock: TimerClock;
  readonly random: () => number;
  /** Failures that no caller waits for. */
  readonly onError: (error: unknown) => void;
  /** With the texts of keys. Before changes of keys count as written: they are in the database, and reads still see them here. */
  readonly onWritten: ((keys: readonly string[]) => void | Promise<void>) | undefined;
  /** Changes of keys were given up: the database has what it had before. */
  readonly onGivenUp: ((keys: readonly string[]) => void | Promise<void>) | undefined;
  /** Something of a shard is due in so many ms. */
  readonly wake: (shard: Shard, inMs: number) => void;
  readonly counts: DrainCounts;
  /** Aborts at the very end: nothing is waited for any more. */
  readonly stopped: AbortSignal;
}

/** Since the process began. */
export interface DrainCounts {
  /** Calls of the writer. */
  callCount: number;
  /** Changes that it wrote: rows. */
  writtenCount: number;
  /** Acknowledged changes that those stand for. */
  coveredCount: number;
  failedCallCount: number;
  /** Changes that were written, and not acknowledged since their lease was lost. They are written again. */
  refusedCount: number;
  givenUpCount: number;
}
