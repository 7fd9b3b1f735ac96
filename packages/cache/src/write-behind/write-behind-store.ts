import type { TimerClock } from "@upshift/foundation";
import type { Redis, WaitOptions } from "@upshift/redis";
import type { Codec } from "../codec/codec.ts";
import type { DeadLetter, RetriedDeadLetters } from "./dead-letters.ts";

export interface OpenWriteBehindOptions<K> {
  readonly redis: Redis;
  /** Of the cache, without `{` and `}`. */
  readonly namespace: string;
  /** Of the definition, without `{` and `}`. */
  readonly name: string;
  readonly codec: Codec;
  /** The text under which changes of a key are kept: equal for equal keys only. The key itself is kept with them, by the codec. */
  readonly keyOf: (key: K) => string;
  readonly clock?: TimerClock;
  /** For jitter. Default is `Math.random`. */
  readonly random?: () => number;
  /** Failures that no caller waits for: of the writer, of Redis while draining, of `deadLetter`. */
  readonly onError?: (error: unknown) => void;
  /** Told, with the texts of keys, before their changes count as written: they are in the database, and {@link WriteBehindStore.read} still gives them. Waited for. */
  readonly onWritten?: (keys: readonly string[]) => void | Promise<void>;
  /** Told, with the texts of keys, when their changes were given up: from now on the database's row counts. Waited for. */
  readonly onGivenUp?: (keys: readonly string[]) => void | Promise<void>;
}

/** What is not in the database yet of one key. */
export type Pending<V> =
  | { readonly sequence: string; readonly value: V; readonly patch?: undefined }
  | { readonly sequence: string; readonly value?: undefined; readonly patch: Partial<V> };

export interface WriteBehindStore<K, V> {
  /**
   * @throws {WriteBehindEvictingError} when Redis may evict what is not written yet; every `put` throws it too
   * @throws what the port throws when Redis does not answer
   */
  ready(options?: WaitOptions): Promise<void>;
  /**
   * Resolves when Redis has the change. Changes of one key count in the order in which Redis takes them: wait for one before the next where the order matters.
   *
   * @returns its sequence, in decimal
   * @throws {WriteBehindFullError} {@link WriteBehindEvictingError} {@link WriteBehindClosedError} it was not accepted
   * @throws {RedisReplyError} when Redis refused it (`OOM`: it is full): it was not accepted
   * @throws {RedisTimeoutError} {@link RedisConnectionLostError}: it may have been accepted
   * @throws {RedisUnavailableError} it was not accepted
   */
  put(key: K, value: V, options?: WaitOptions): Promise<string>;
  /**
   * As {@link put}, for some fields of a row.
   *
   * @throws {WriteBehindModeError} without `mode: "patch"`
   */
  patch(key: K, patch: Partial<V>, options?: WaitOptions): Promise<string>;
  /** What is not in the database yet, also while a drainer writes it; `undefined` when nothing is. */
  read(key: K, options?: WaitOptions): Promise<Pending<V> | undefined>;
  /** In the order of the keys. */
  readMany(keys: readonly K[], options?: WaitOptions): Promise<readonly (Pending<V> | undefined)[]>;
  /** The row as it is to be: what the database has, and over it what is pending. `undefined` when that cannot be known: no row, and patches only. */
  overlay(row: V | undefined, pending: Pending<V> | undefined): V | undefined;
  /**
   * Resolves when everything that was acknowledged before the call, by whichever process, is in the database.
   *
   * @param options - `timeoutMs`: default 30 s
   * @throws {WriteBehindNotFlushedError} after that time, or when changes were given up: it says how many
   */
  flush(options?: WaitOptions): Promise<void>;
  /** What was given up, in no order; bounded by `maxDeadLetters`. */
  deadLetters(options?: WaitOptions): Promise<readonly DeadLetter<K, V>[]>;
  /**
   * Makes pending again what was given up, before what came for the same keys since. What a newer value supersedes is dropped.
   *
   * @param keys - default: all
   */
  retryDeadLetters(keys?: readonly K[], options?: WaitOptions): Promise<RetriedDeadLetters>;
  /** @param keys - default: all. @returns how many there were */
  discardDeadLetters(keys?: readonly K[], options?: WaitOptions): Promise<number>;
  gauges(): WriteBehindGauges;
  /**
   * Accepts nothing any more, writes what is pending, for at most `timeoutMs` (default 5 s), and stops. What is not written by then stays in Redis for the next process.
   */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}

/** The first three are of all processes, as Redis said when it was last asked: at most 5 s ago while this process drains. */
export interface WriteBehindGauges {
  /** Keys with changes that are not written. */
  readonly pendingCount: number;
  /** Age of the oldest of them; 0 without any. */
  readonly oldestPendingMs: number;
  readonly deadLetterCount: number;
  /** Calls of the writer that run in this process. */
  readonly runningCount: number;
  /** Since this process began: calls of the writer. */
  readonly callCount: number;
  readonly failedCallCount: number;
  /** Rows that it wrote. */
  readonly writtenCount: number;
  /** Acknowledged changes that those rows stand for. */
  readonly coveredCount: number;
  /** Rows that were written and whose lease was lost by then: they are written again. */
  readonly refusedCount: number;
  readonly givenUpCount: number;
}
