import { delay } from "@upshift/foundation";
import type { DrainContext } from "./drain-context.ts";
import { foldToItem } from "./fold.ts";
import { errorCode } from "./failure-kind.ts";
import { byToken, type Lease } from "./lease.ts";
import { pauseAfterMs } from "./pause-after.ts";
import type { Shard, TakenEntry } from "./shard.ts";
import { SHARD_COUNT } from "./shard-keys.ts";
import type { Change } from "./write-behind.ts";
import { WriteBehindDeadLettersFullError } from "./write-behind-errors.ts";

/** An answer that comes after the lease still spares writing again, where no other has taken it. */
const LEAST_PERSISTENCE_MS = 5_000;

/**
 * Tells Redis what became of what was taken. Each call is repeated until Redis answers, for the time of a lease: after that others take it, and it is written again.
 */
export class Settlement<K, V> {
  readonly #context: DrainContext<K, V>;
  readonly #lease: Lease;

  constructor(context: DrainContext<K, V>, lease: Lease) {
    this.#context = context;
    this.#lease = lease;
  }

  /** They are in the database. */
  async acknowledge(entries: readonly TakenEntry[]): Promise<void> {
    const { counts, declaration, onWritten } = this.#context;
    await this.#tell(onWritten, entries);
    this.#lease.settle(entries);
    await Promise.all(
      [...byToken(entries).values()].map(async ({ shard, token, entries: own }) => {
        const answer = await this.#persist(() =>
          shard.acknowledge(token, own, declaration.settings.maxDelayMs),
        );
        if (answer === undefined) return;
        counts.refusedCount += answer.isHeld.filter((isHeld) => !isHeld).length;
        for (const key of answer.longKeys) await this.#shortenLetter(shard, key);
      }),
    );
  }

  /** @param options - `isTry`: they failed by themselves */
  async giveBack(
    entries: readonly TakenEntry[],
    options: { readonly delayMs: number; readonly isTry: boolean },
  ): Promise<void> {
    this.#lease.settle(entries);
    await Promise.all(
      [...byToken(entries).values()].map(async ({ shard, token, keys }) => {
        await this.#persist(() => shard.release(token, keys, options));
        this.#context.wake(shard, options.delayMs);
      }),
    );
  }

  /** Makes a dead letter of it; where there are too many it is tried again after the longest pause. */
  async giveUp(entry: TakenEntry, change: Change<K, V> | undefined, error: unknown): Promise<void> {
    const { name, declaration, counts, onError, onGivenUp } = this.#context;
    const { maxDelayMs, maxDeadLetters, deadLetter, backoff } = declaration.settings;
    this.#lease.settle([entry]);
    // They lie in as many parts as there are shards.
    const mostLetters = Math.ceil(maxDeadLetters / SHARD_COUNT);
    const why = { tryCount: entry.tryCount + 1, code: errorCode(error) };
    const answer = await this.#persist(() =>
      entry.shard.bury(entry, { maxDelayMs, mostLetters }, why),
    );
    if (answer === "full") {
      onError(new WriteBehindDeadLettersFullError(name, error));
      await this.giveBack([entry], { delayMs: backoff.maxMs, isTry: true });
    }
    if (answer !== "buried") return;
    counts.givenUpCount += 1;
    await this.#tell(onGivenUp, [entry]);
    try {
      if (change === undefined || deadLetter === undefined) onError(error);
      else await deadLetter([change], error);
    } catch (failure) {
      onError(failure);
    }
  }

  async #tell(
    listener: ((keys: readonly string[]) => void | Promise<void>) | undefined,
    entries: readonly TakenEntry[],
  ): Promise<void> {
    try {
      await listener?.(entries.map(({ key }) => key));
    } catch (error) {
      this.#context.onError(error);
    }
  }

  async #shortenLetter(shard: Shard, key: string): Promise<void> {
    const { codec, declaration, onError } = this.#context;
    try {
      const [letter] = await shard.readDeadLetters([key]);
      if (letter === undefined) return;
      const item = foldToItem<V>(letter.items, { codec, merge: declaration.settings.merge });
      await shard.foldDead(key, letter.sequence, item);
    } catch (error) {
      // It is shortened by the next patch that is written.
      onError(error);
    }
  }

  async #persist<T>(call: () => Promise<T>): Promise<T | undefined> {
    const { clock, random, stopped, onError, declaration } = this.#context;
    const { backoff, leaseMs } = declaration.settings;
    const giveUpAtMs = clock.now() + Math.max(leaseMs, LEAST_PERSISTENCE_MS);
    for (let failureCount = 1; ; failureCount += 1) {
      try {
        return await call();
      } catch (error) {
        const pauseMs = pauseAfterMs(backoff, failureCount, random());
        if (stopped.aborted || clock.now() + pauseMs > giveUpAtMs) {
          onError(error);
          return undefined;
        }
        await delay(clock, pauseMs, stopped).catch(() => {});
      }
    }
  }
}
