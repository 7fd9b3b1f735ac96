import { delay, systemClock, type TimerClock } from "@upshift/foundation";
import type { Redis, WaitOptions } from "@upshift/redis";
import type { Codec } from "../codec/codec.ts";
import { checkEviction } from "./check-eviction.ts";
import { type DeadLetter, DeadLetters, type RetriedDeadLetters } from "./dead-letters.ts";
import type { DrainCounts } from "./drain-context.ts";
import { Drainer, gatherMs } from "./drainer.ts";
import type { EntryItem } from "./entry.ts";
import { applyPatch, type FoldSettings, foldToItem } from "./fold.ts";
import { toPending } from "./pending.ts";
import { Shard } from "./shard.ts";
import { SHARD_COUNT, shardOf } from "./shard-keys.ts";
import type { WriteBehind } from "./write-behind.ts";
import {
  WriteBehindClosedError,
  WriteBehindFullError,
  WriteBehindModeError,
  WriteBehindNotFlushedError,
} from "./write-behind-errors.ts";
import type { WriteBehindSettings } from "./write-behind-options.ts";
import type {
  OpenWriteBehindOptions,
  Pending,
  WriteBehindGauges,
  WriteBehindStore,
} from "./write-behind-store.ts";

const DEFAULT_FLUSH_MS = 30_000;
const DEFAULT_CLOSE_MS = 5_000;
/** After its signal a writer is waited for so long when closing. */
const CLOSE_GRACE_MS = 1_000;
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;
/** What other processes have put is counted again at most so often when there seems to be no room. */
const RECOUNT_MS = 50;

/**
 * Opens what {@link writeBehind} has declared: from now on this process takes changes, and writes those of all processes.
 *
 * @throws {InvalidArgumentError} for names with a brace
 */
export function openWriteBehind<K, V>(
  declaration: WriteBehind<K, V>,
  options: OpenWriteBehindOptions<K>,
): WriteBehindStore<K, V> {
  return new RedisWriteBehindStore(declaration, options);
}

class RedisWriteBehindStore<K, V> implements WriteBehindStore<K, V> {
  readonly #redis: Redis;
  readonly #name: string;
  readonly #settings: WriteBehindSettings<K, V>;
  readonly #fold: FoldSettings<V>;
  readonly #codec: Codec;
  readonly #clock: TimerClock;
  readonly #shards: readonly Shard[];
  readonly #drainer: Drainer<K, V> | undefined;
  readonly #letters: DeadLetters<K, V>;
  readonly #counts: DrainCounts;
  readonly #stop = new AbortController();
  readonly #unwatch: () => void;
  /** Per key, the last of the calls that merge what waits for it: those that come after wait for it. */
  readonly #merging = new Map<string, Promise<unknown>>();
  #checked: Promise<void> | undefined;
  #countedAtMs = Number.NEGATIVE_INFINITY;
  #closed: Promise<void> | undefined;

  constructor(declaration: WriteBehind<K, V>, options: OpenWriteBehindOptions<K>) {
    const { redis, namespace, name, codec, keyOf, clock = systemClock } = options;
    const { random = Math.random, onError = () => {}, onWritten, onGivenUp } = options;
    this.#redis = redis;
    this.#name = name;
    this.#settings = declaration.settings;
    this.#codec = codec;
    this.#clock = clock;
    this.#fold = { codec, merge: declaration.settings.merge };
    this.#counts = {
      callCount: 0,
      writtenCount: 0,
      coveredCount: 0,
      failedCallCount: 0,
      refusedCount: 0,
      givenUpCount: 0,
    };
    this.#shards = Array.from(
      { length: SHARD_COUNT },
      (_, index) => new Shard(redis, namespace, name, index),
    );
    const context = {
      name,
      declaration,
      codec,
      clock,
      random,
      keyOf,
      onError,
      onWritten,
      onGivenUp,
      wake: (shard: Shard, inMs: number) => this.#drainer?.wake(shard, inMs),
      counts: this.#counts,
      stopped: this.#stop.signal,
    };
    this.#drainer = this.#settings.isDraining ? new Drainer(context, this.#shards) : undefined;
    this.#letters = new DeadLetters({
      ...this.#fold,
      shards: this.#shards,
      keyOf,
      clock,
      onRevived: (shard) => this.#drainer?.hurry(shard),
    });
    // It may be another server, or have other settings, than before.
    const forget = (): void => {
      this.#checked = undefined;
    };
    this.#unwatch = redis.watch({ onReady: forget, onFailover: forget });
  }

  async ready(options?: WaitOptions): Promise<void> {
    this.#checked ??= checkEviction(this.#redis, this.#settings.eviction, options);
    const checked = this.#checked;
    try {
      await checked;
    } catch (error) {
      if (this.#checked === checked) this.#checked = undefined;
      throw error;
    }
  }

  async put(key: string, value: V, options?: WaitOptions): Promise<string> {
    return await this.#put(key, { kind: "v", payload: this.#codec.encode(value) }, options);
  }

  async patch(key: string, patch: Partial<V>, options?: WaitOptions): Promise<string> {
    if (this.#settings.mode === "value") throw new WriteBehindModeError(this.#name);
    return await this.#put(key, { kind: "p", payload: this.#codec.encode(patch) }, options);
  }

  async read(key: string, options?: WaitOptions): Promise<Pending<V> | undefined> {
    const [entry] = await this.#shardOf(key).read([key], options);
    return entry === undefined ? undefined : toPending<V>(entry, this.#fold);
  }

  async readMany(
    keys: readonly string[],
    options?: WaitOptions,
  ): Promise<readonly (Pending<V> | undefined)[]> {
    const found = new Map<string, Pending<V>>();
    await Promise.all(
      this.#shards.map(async (shard) => {
        const own = keys.filter((key) => shardOf(key) === shard.index);
        if (own.length === 0) return;
        const entries = await shard.read(own, options);
        for (const [index, key] of own.entries()) {
          const entry = entries[index];
          if (entry !== undefined) found.set(key, toPending<V>(entry, this.#fold));
        }
      }),
    );
    return keys.map((key) => found.get(key));
  }

  overlay(row: V | undefined, pending: Pending<V> | undefined): V | undefined {
    if (pending === undefined) return row;
    if (pending.patch === undefined) return pending.value;
    return row === undefined ? undefined : applyPatch(row, pending.patch, this.#fold);
  }

  async flush({ signal, timeoutMs = DEFAULT_FLUSH_MS }: WaitOptions = {}): Promise<void> {
    const left = await this.#drain(this.#clock.now() + timeoutMs, signal);
    const letters = await Promise.all(this.#shards.map((shard) => shard.countDeadLetters()));
    const letterCount = sum(letters);
    if (left > 0 || letterCount > 0)
      throw new WriteBehindNotFlushedError(this.#name, left, letterCount);
  }

  async deadLetters(options?: WaitOptions): Promise<readonly DeadLetter<K, V>[]> {
    return await this.#letters.list(options);
  }

  async retryDeadLetters(
    keys?: readonly string[],
    options?: WaitOptions,
  ): Promise<RetriedDeadLetters> {
    return await this.#letters.retry(keys, options);
  }

  async discardDeadLetters(keys?: readonly string[], options?: WaitOptions): Promise<number> {
    return await this.#letters.discard(keys, options);
  }

  gauges(): WriteBehindGauges {
    const shards = this.#shards.map((shard) => shard.gauges());
    return {
      pendingCount: sum(shards.map(({ pendingCount }) => pendingCount)),
      oldestPendingMs: Math.max(0, ...shards.map(({ oldestPendingMs = 0 }) => oldestPendingMs)),
      deadLetterCount: sum(shards.map(({ deadLetterCount }) => deadLetterCount)),
      runningCount: this.#drainer?.runningCount ?? 0,
      ...this.#counts,
    };
  }

  close({ timeoutMs = DEFAULT_CLOSE_MS }: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(timeoutMs);
    return this.#closed;
  }

  async #close(timeoutMs: number): Promise<void> {
    const untilMs = this.#clock.now() + timeoutMs;
    if (this.#drainer !== undefined) {
      // Whatever stands in the way, what is left stays in Redis.
      await this.#drain(untilMs).catch(() => {});
      this.#drainer.stop();
      await this.#atMost(untilMs - this.#clock.now(), this.#drainer.idle());
      this.#drainer.abort(new WriteBehindClosedError(this.#name));
      await this.#atMost(CLOSE_GRACE_MS, this.#drainer.idle());
    }
    this.#unwatch();
    this.#stop.abort(new WriteBehindClosedError(this.#name));
  }

  async #put(key: string, item: EntryItem, options: WaitOptions = {}): Promise<string> {
    if (this.#closed !== undefined) throw new WriteBehindClosedError(this.#name);
    if (this.#checked === undefined) await this.ready(options);
    else await this.#checked;
    const merging = this.#merging.get(key);
    if (merging !== undefined) await merging.catch(() => {});
    const answer = await this.#tryPut(key, item, options);
    return answer ?? (await this.#putMerged(key, item, options));
  }

  /** @returns nothing when what waits for the key is to be merged first */
  async #tryPut(
    key: string,
    { kind, payload }: EntryItem,
    options: WaitOptions,
    replaces?: string,
  ): Promise<string | undefined> {
    const { maxDelayMs, maxPending } = this.#settings;
    const shard = this.#shardOf(key);
    const answer = await shard.put(
      {
        key,
        kind,
        payload,
        maxDelayMs: maxDelayMs - gatherMs(maxDelayMs),
        isFull: await this.#isFull(options),
        ...(replaces === undefined ? {} : { replaces }),
      },
      options,
    );
    if (answer.is === "full")
      throw new WriteBehindFullError(this.#name, this.gauges().pendingCount, maxPending);
    if (answer.is !== "put") return undefined;
    // Held by a drainer, it is due so long from now at the latest.
    this.#drainer?.wake(shard, answer.dueInMs ?? maxDelayMs);
    return answer.sequence;
  }

  /** Puts one item in the place of those that wait and of this one; for one caller of this process after the other. */
  async #putMerged(key: string, item: EntryItem, options: WaitOptions): Promise<string> {
    const before = this.#merging.get(key);
    const run = async (): Promise<string> => {
      await before?.catch(() => {});
      for (;;) {
        const [entry] = await this.#shardOf(key).read([key], options);
        const merged =
          entry === undefined ? item : foldToItem<V>([...entry.items, item], this.#fold);
        const sequence = await this.#tryPut(key, merged, options, entry?.sequence);
        if (sequence !== undefined) return sequence;
      }
    };
    const merging = run();
    this.#merging.set(key, merging);
    try {
      return await merging;
    } finally {
      if (this.#merging.get(key) === merging) this.#merging.delete(key);
    }
  }

  async #isFull(options: WaitOptions): Promise<boolean> {
    const { maxPending } = this.#settings;
    if (this.gauges().pendingCount < maxPending) return false;
    const nowMs = this.#clock.now();
    if (nowMs - this.#countedAtMs >= RECOUNT_MS) {
      this.#countedAtMs = nowMs;
      await Promise.all(this.#shards.map((shard) => shard.countPending(options)));
    }
    return this.gauges().pendingCount >= maxPending;
  }

  /** Waits until what was put before is written. @returns how many keys are not */
  async #drain(untilMs: number, signal?: AbortSignal): Promise<number> {
    const marks = await Promise.all(
      this.#shards.map(async (shard) => {
        const timeoutMs = Math.max(1, untilMs - this.#clock.now());
        const sequence = await shard.hasten({ signal, timeoutMs });
        this.#drainer?.hurry(shard);
        return { shard, sequence };
      }),
    );
    let waiting = marks;
    let pauseMs = FIRST_PAUSE_MS;
    for (;;) {
      const leftMs = untilMs - this.#clock.now();
      const timeoutMs = Math.max(1, leftMs);
      const counts = await Promise.all(
        waiting.map(({ shard, sequence }) => shard.countUpTo(sequence, { signal, timeoutMs })),
      );
      waiting = waiting.filter((_, index) => counts[index] !== 0);
      if (waiting.length === 0 || leftMs <= 0) return sum(counts);
      await delay(this.#clock, Math.min(pauseMs, leftMs), signal);
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    }
  }

  async #atMost(timeoutMs: number, promise: Promise<void>): Promise<void> {
    const stop = new AbortController();
    const late = delay(this.#clock, Math.max(0, timeoutMs), stop.signal).catch(() => {});
    await Promise.race([promise.catch(() => {}), late]);
    stop.abort();
  }

  #shardOf(key: string): Shard {
    const shard = this.#shards[shardOf(key)];
    if (shard === undefined) throw new RangeError("no shard");
    return shard;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
