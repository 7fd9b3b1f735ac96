import type { TimerClock } from "@upshift/foundation";
import type { Redis, WaitOptions } from "@upshift/redis";
import { checkEviction } from "./check-eviction.ts";
import { gatherMs } from "./drainer.ts";
import type { EntryItem } from "./entry.ts";
import { type FoldSettings, foldToItem } from "./fold.ts";
import { PendingCount } from "./pending-count.ts";
import type { Shard } from "./shard.ts";
import { WriteBehindFullError } from "./write-behind-errors.ts";
import type { WriteBehindSettings } from "./write-behind-options.ts";

interface IntakeOptions<K, V> {
  readonly redis: Redis;
  readonly name: string;
  readonly settings: WriteBehindSettings<K, V>;
  readonly fold: FoldSettings<V>;
  readonly shards: readonly Shard[];
  readonly shardOf: (key: string) => Shard;
  readonly clock: TimerClock;
  /** Something of a shard is due in so many ms. */
  readonly wake: (shard: Shard, inMs: number) => void;
}

/** Takes changes in: they are in Redis when it resolves. */
export class Intake<K, V> {
  readonly #options: IntakeOptions<K, V>;
  readonly #count: PendingCount;
  readonly #unwatch: () => void;
  /** Per key, the last of the calls that merge what waits for it: one at a time, or they would undo each other's work. */
  readonly #merging = new Map<string, Promise<unknown>>();
  #checked: Promise<void> | undefined;

  constructor(options: IntakeOptions<K, V>) {
    this.#options = options;
    this.#count = new PendingCount(options.shards, options.settings.maxPending, options.clock);
    // It may be another server, or have other settings, than before.
    const forget = (): void => {
      this.#checked = undefined;
    };
    this.#unwatch = options.redis.watch({ onReady: forget, onFailover: forget });
  }

  get pendingCount(): number {
    return this.#count.value;
  }

  /** @throws {WriteBehindEvictingError} */
  async ready({ signal }: WaitOptions = {}): Promise<void> {
    const { redis, settings } = this.#options;
    // For all that wait: within the connection's own timeout, whoever gives up.
    this.#checked ??= checkEviction(redis, settings.eviction);
    const checked = this.#checked;
    try {
      await checked;
    } catch (error) {
      if (this.#checked === checked) this.#checked = undefined;
      throw error;
    }
    signal?.throwIfAborted();
  }

  /** @returns the sequence of the change */
  async put(key: string, item: EntryItem, options: WaitOptions = {}): Promise<string> {
    await this.ready(options);
    return (await this.#tryPut(key, item, options)) ?? (await this.#putMerged(key, item, options));
  }

  close(): void {
    this.#unwatch();
  }

  /** @returns nothing when what waits for the key is to be merged first */
  async #tryPut(
    key: string,
    { kind, payload }: EntryItem,
    options: WaitOptions,
    replaces?: string,
  ): Promise<string | undefined> {
    const { name, settings, shardOf, wake } = this.#options;
    const { maxDelayMs, maxPending } = settings;
    const shard = shardOf(key);
    const isFull = await this.#count.isFull(options);
    const request = { key, kind, payload, isFull, maxDelayMs: maxDelayMs - gatherMs(maxDelayMs) };
    const answer = await shard.put(
      replaces === undefined ? request : { ...request, replaces },
      options,
    );
    if (answer.is === "full") throw new WriteBehindFullError(name, this.pendingCount, maxPending);
    if (answer.is !== "put") return undefined;
    if (answer.dueInMs !== undefined) wake(shard, answer.dueInMs);
    return answer.sequence;
  }

  /** Puts one item in the place of those that wait and of this one; for one caller of this process after the other. */
  async #putMerged(key: string, item: EntryItem, options: WaitOptions): Promise<string> {
    const before = this.#merging.get(key);
    const run = async (): Promise<string> => {
      await before?.catch(() => {});
      for (;;) {
        const [entry] = await this.#options.shardOf(key).read([key], options);
        const merged =
          entry === undefined ? item : foldToItem([...entry.items, item], this.#options.fold);
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
}
