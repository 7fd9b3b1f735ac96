import { delay, type TimerClock } from "@upshift/foundation";
import type { WaitOptions } from "@upshift/redis";
import type { Entry } from "./entry.ts";
import { foldItems, type FoldSettings } from "./fold.ts";
import { toPending } from "./pending.ts";
import type { Shard } from "./shard.ts";
import { shardOf } from "./shard-keys.ts";
import type { Pending } from "./write-behind-store.ts";

/** A change that was given up, with what was written for its key since. */
export interface DeadLetter<K, V> {
  /** `undefined` where the codec cannot read it. */
  readonly key: K | undefined;
  /** The text of the key. */
  readonly keyText: string;
  /** `undefined` where the codec cannot read it. */
  readonly change: Pending<V> | undefined;
  readonly changeCount: number;
  /** On the clock of Redis, in ms since the epoch. */
  readonly failedAtMs: number;
  readonly tryCount: number;
  /** Code of the error, or its name. */
  readonly errorCode: string;
}

export interface RetriedDeadLetters {
  /** Pending again. */
  readonly retriedCount: number;
  /** Dropped, since a newer value is pending. */
  readonly supersededCount: number;
  /** Still dead letters: newer changes of their keys are being written. Try again. */
  readonly busyCount: number;
}

const BUSY_TRIES = 20;
const BUSY_PAUSE_MS = 50;

interface DeadLettersOptions<V> extends FoldSettings<V> {
  readonly shards: readonly Shard[];
  readonly clock: TimerClock;
  readonly onRevived: (shard: Shard) => void;
}

export class DeadLetters<K, V> {
  readonly #options: DeadLettersOptions<V>;

  constructor(options: DeadLettersOptions<V>) {
    this.#options = options;
  }

  async list(options?: WaitOptions): Promise<readonly DeadLetter<K, V>[]> {
    const lists = await Promise.all(
      this.#options.shards.map(async (shard) => {
        const keys = await shard.deadLetterKeys(options);
        if (keys.length === 0) return [];
        const [letters, reasons] = await Promise.all([
          shard.readDeadLetters(keys, options),
          shard.readReasons(keys, options),
        ]);
        return keys.flatMap((key, index) => {
          const letter = letters[index];
          if (letter === undefined) return [];
          const [failedAt, tries, code = ""] = reasons[index]?.split(" ") ?? [];
          return Object.assign(this.#contentOf(letter), {
            keyText: key,
            changeCount: letter.changeCount,
            failedAtMs: Number(failedAt),
            tryCount: Number(tries),
            errorCode: code,
          });
        });
      }),
    );
    return lists.flat();
  }

  async retry(keys?: readonly string[], options?: WaitOptions): Promise<RetriedDeadLetters> {
    const counts = { retriedCount: 0, supersededCount: 0, busyCount: 0 };
    await this.#each(keys, options, async (shard, own) => {
      for (const key of own) {
        const answer = await this.#revive(shard, key, options);
        if (answer === "revived") counts.retriedCount += 1;
        else if (answer === "superseded") counts.supersededCount += 1;
        else if (answer === "held") counts.busyCount += 1;
      }
      this.#options.onRevived(shard);
    });
    return counts;
  }

  async discard(keys?: readonly string[], options?: WaitOptions): Promise<number> {
    let count = 0;
    await this.#each(keys, options, async (shard, own) => {
      count += await shard.discardDead(own, options);
    });
    return count;
  }

  /** A drainer that has the key is waited for a moment. */
  async #revive(shard: Shard, key: string, options?: WaitOptions): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await shard.revive(key, options);
      if (answer !== "held" || attempt === BUSY_TRIES) return answer;
      await delay(this.#options.clock, BUSY_PAUSE_MS, options?.signal);
    }
  }

  async #each(
    keys: readonly string[] | undefined,
    options: WaitOptions | undefined,
    run: (shard: Shard, keys: readonly string[]) => Promise<void>,
  ): Promise<void> {
    await Promise.all(
      this.#options.shards.map(async (shard) => {
        const own =
          keys === undefined
            ? await shard.deadLetterKeys(options)
            : keys.filter((key) => shardOf(key) === shard.index);
        if (own.length > 0) await run(shard, own);
      }),
    );
  }

  #contentOf(letter: Entry): Pick<DeadLetter<K, V>, "key" | "change"> {
    try {
      const { key } = foldItems<K, V>(letter.items, this.#options);
      return { key, change: toPending<V>(letter, this.#options) };
    } catch {
      return { key: undefined, change: undefined };
    }
  }
}
