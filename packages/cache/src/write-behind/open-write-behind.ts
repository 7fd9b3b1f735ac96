import { setMaxListeners } from "node:events";
import { delay, systemClock, type TimerClock } from "@upshift/foundation";
import type { WaitOptions } from "@upshift/redis";
import { type DeadLetter, DeadLetters, type RetriedDeadLetters } from "./dead-letters.ts";
import type { DrainCounts } from "./drain-context.ts";
import { Drainer } from "./drainer.ts";
import type { ItemKind } from "./entry.ts";
import { applyPatch, type FoldSettings, toItem } from "./fold.ts";
import { Intake } from "./intake.ts";
import { toPending } from "./pending.ts";
import { Shard } from "./shard.ts";
import { SHARD_COUNT, shardOf } from "./shard-keys.ts";
import { untilWritten } from "./until-written.ts";
import type { WriteBehind } from "./write-behind.ts";
import {
  WriteBehindClosedError,
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
  readonly #name: string;
  readonly #keyOf: (key: K) => string;
  readonly #settings: WriteBehindSettings<K, V>;
  readonly #fold: FoldSettings<V>;
  readonly #clock: TimerClock;
  readonly #shards: readonly Shard[];
  readonly #drainer: Drainer<K, V> | undefined;
  readonly #intake: Intake<K, V>;
  readonly #letters: DeadLetters<K, V>;
  readonly #counts: DrainCounts;
  readonly #stop = new AbortController();
  #closed: Promise<void> | undefined;

  constructor(declaration: WriteBehind<K, V>, options: OpenWriteBehindOptions<K>) {
    const { redis, namespace, name, codec, keyOf, clock = systemClock } = options;
    const { random = Math.random, onError = () => {}, onWritten, onGivenUp } = options;
    // One listener per call that waits.
    setMaxListeners(0, this.#stop.signal);
    this.#name = name;
    this.#keyOf = keyOf;
    this.#settings = declaration.settings;
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
      clock,
      onRevived: (shard) => this.#drainer?.hurry(shard),
    });
    this.#intake = new Intake({
      redis,
      name,
      settings: this.#settings,
      fold: this.#fold,
      shards: this.#shards,
      shardOf: (key) => this.#shardOf(key),
      clock,
      wake: context.wake,
    });
  }

  async ready(options?: WaitOptions): Promise<void> {
    await this.#intake.ready(options);
  }

  async put(key: K, value: V, options?: WaitOptions): Promise<string> {
    return await this.#put(key, "v", value, options);
  }

  async patch(key: K, patch: Partial<V>, options?: WaitOptions): Promise<string> {
    if (this.#settings.mode === "value") throw new WriteBehindModeError(this.#name);
    return await this.#put(key, "p", patch, options);
  }

  async read(key: K, options?: WaitOptions): Promise<Pending<V> | undefined> {
    const text = this.#keyOf(key);
    const [entry] = await this.#shardOf(text).read([text], options);
    return entry === undefined ? undefined : toPending<V>(entry, this.#fold);
  }

  async readMany(
    keys: readonly K[],
    options?: WaitOptions,
  ): Promise<readonly (Pending<V> | undefined)[]> {
    const texts = keys.map((key) => this.#keyOf(key));
    const found = new Map<string, Pending<V>>();
    await Promise.all(
      this.#shards.map(async (shard) => {
        const own = texts.filter((text) => shardOf(text) === shard.index);
        if (own.length === 0) return;
        const entries = await shard.read(own, options);
        for (const [index, text] of own.entries()) {
          const entry = entries[index];
          if (entry !== undefined) found.set(text, toPending<V>(entry, this.#fold));
        }
      }),
    );
    return texts.map((text) => found.get(text));
  }

  overlay(row: V | undefined, pending: Pending<V> | undefined): V | undefined {
    if (pending === undefined) return row;
    if (pending.patch === undefined) return pending.value;
    return row === undefined ? undefined : applyPatch(row, pending.patch, this.#fold);
  }

  async flush({ signal, timeoutMs = DEFAULT_FLUSH_MS }: WaitOptions = {}): Promise<void> {
    const left = await this.#untilWritten(this.#clock.now() + timeoutMs, signal);
    const letters = await Promise.all(
      this.#shards.map((shard) => shard.countDeadLetters({ signal })),
    );
    const letterCount = sum(letters);
    if (left > 0 || letterCount > 0)
      throw new WriteBehindNotFlushedError(this.#name, left, letterCount);
  }

  async deadLetters(options?: WaitOptions): Promise<readonly DeadLetter<K, V>[]> {
    return await this.#letters.list(options);
  }

  async retryDeadLetters(keys?: readonly K[], options?: WaitOptions): Promise<RetriedDeadLetters> {
    return await this.#letters.retry(
      keys?.map((key) => this.#keyOf(key)),
      options,
    );
  }

  async discardDeadLetters(keys?: readonly K[], options?: WaitOptions): Promise<number> {
    return await this.#letters.discard(
      keys?.map((key) => this.#keyOf(key)),
      options,
    );
  }

  gauges(): WriteBehindGauges {
    return {
      pendingCount: this.#intake.pendingCount,
      oldestPendingMs: Math.max(0, ...this.#shards.map((shard) => shard.oldestPendingMs ?? 0)),
      deadLetterCount: sum(this.#shards.map((shard) => shard.deadLetterCount)),
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
      await this.#untilWritten(untilMs).catch(() => {});
      this.#drainer.stop();
      await this.#atMost(untilMs - this.#clock.now(), this.#drainer.idle());
      this.#drainer.abort(new WriteBehindClosedError(this.#name));
      await this.#atMost(CLOSE_GRACE_MS, this.#drainer.idle());
    }
    this.#intake.close();
    this.#stop.abort(new WriteBehindClosedError(this.#name));
  }

  async #put(key: K, kind: ItemKind, content: unknown, options?: WaitOptions): Promise<string> {
    if (this.#closed !== undefined) throw new WriteBehindClosedError(this.#name);
    const item = toItem(kind, key, content, this.#fold);
    return await this.#intake.put(this.#keyOf(key), item, options);
  }

  async #untilWritten(untilMs: number, signal?: AbortSignal): Promise<number> {
    return await untilWritten(this.#shards, {
      clock: this.#clock,
      untilMs,
      signal,
      onHastened: (shard) => this.#drainer?.hurry(shard),
    });
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
