import { delay } from "@upshift/foundation";
import type { DrainContext } from "./drain-context.ts";
import { foldItems } from "./fold.ts";
import { isInTheWay, isRowError, isTransient } from "./failure-kind.ts";
import { pauseAfterMs } from "./pause-after.ts";
import type { Settlement } from "./settlement.ts";
import type { TakenEntry } from "./shard.ts";
import type { Change } from "./write-behind.ts";
import { WriteBehindModeError } from "./write-behind-errors.ts";
import { callWriter, type WriteOutcome } from "./write-call.ts";

/** Rows that fail one by one before any is written: from then on the fault is not taken to be theirs. */
const FRUITLESS_LIMIT = 5;

interface Row<K, V> {
  readonly entry: TakenEntry;
  readonly change: Change<K, V>;
}

/**
 * Brings what was taken into the database, so that one row that cannot be written holds up no other: what fails together is tried once more together, then in halves; what fails alone is tried
 * again later, alone, and given up in the end.
 */
export class WriteJob<K, V> {
  readonly #context: DrainContext<K, V>;
  readonly #settlement: Settlement<K, V>;
  readonly #signal: AbortSignal;
  #writtenCount = 0;
  #fruitlessCount = 0;
  #isOutage = false;

  /** @param signal - ends it early: what is not written by then is given back */
  constructor(context: DrainContext<K, V>, settlement: Settlement<K, V>, signal: AbortSignal) {
    this.#context = context;
    this.#settlement = settlement;
    this.#signal = signal;
  }

  /** @returns whether the database seems to be out of order */
  async run(entries: readonly TakenEntry[]): Promise<boolean> {
    const rows: Row<K, V>[] = [];
    for (const entry of entries) {
      try {
        rows.push({ entry, change: this.#changeOf(entry) });
      } catch (error) {
        await this.#settlement.giveUp(entry, undefined, error);
      }
    }
    const fresh = rows.filter(({ entry }) => entry.tryCount === 0);
    await this.#write(fresh, true);
    for (const row of rows) if (row.entry.tryCount > 0) await this.#write([row], false);
    return this.#isOutage;
  }

  async #write(rows: readonly Row<K, V>[], mayRepeat: boolean): Promise<void> {
    const [first] = rows;
    if (first === undefined) return;
    let outcome = await this.#attempt(rows);
    if (mayRepeat && rows.length > 1 && this.#isWorthRepeating(outcome)) {
      await delay(this.#context.clock, this.#pauseMs(1), this.#signal).catch(() => {});
      outcome = await this.#attempt(rows);
    }
    if (outcome.isWritten) return;
    const { error } = outcome;
    if (!this.#isOver && this.#isTransient(error)) {
      this.#isOutage = true;
      this.#context.onError(error);
    }
    if (this.#isOver) await this.#giveBack(rows);
    else if (rows.length === 1) await this.#failAlone(first, error);
    else {
      const half = Math.ceil(rows.length / 2);
      await this.#write(rows.slice(0, half), false);
      await this.#write(rows.slice(half), false);
    }
  }

  get #isOver(): boolean {
    return this.#isOutage || this.#signal.aborted;
  }

  async #attempt(rows: readonly Row<K, V>[]): Promise<WriteOutcome> {
    const { name, declaration, clock, counts, stopped } = this.#context;
    const { writeTimeoutMs, leaseMs } = declaration.settings;
    if (this.#isOver) return { isWritten: false, error: this.#signal.reason };
    counts.callCount += 1;
    const outcome = await callWriter(
      rows.map(({ change }) => change),
      {
        name,
        writer: declaration.writer,
        clock,
        timeoutMs: writeTimeoutMs,
        graceMs: leaseMs,
        signal: this.#signal,
        stopped,
      },
    );
    if (!outcome.isWritten) {
      counts.failedCallCount += 1;
      return outcome;
    }
    this.#writtenCount += rows.length;
    counts.writtenCount += rows.length;
    for (const { change } of rows) counts.coveredCount += change.changeCount;
    await this.#settlement.acknowledge(rows.map(({ entry }) => entry));
    return outcome;
  }

  #isWorthRepeating(outcome: WriteOutcome): boolean {
    if (outcome.isWritten || this.#isOver) return false;
    const { error } = outcome;
    return !isRowError(error) && !isInTheWay(error) && !this.#isTransient(error);
  }

  async #failAlone({ entry, change }: Row<K, V>, error: unknown): Promise<void> {
    const tryCount = entry.tryCount + 1;
    const isLastTry = tryCount >= this.#context.declaration.settings.attempts;
    if (isLastTry && !isInTheWay(error)) {
      await this.#settlement.giveUp(entry, change, error);
      return;
    }
    this.#context.onError(error);
    // What has failed alone is written alone from now on.
    const delayMs = this.#pauseMs(tryCount);
    await this.#settlement.giveBack([entry], { delayMs, isTry: !isLastTry });
    // A database that finds fault with a row is in order.
    if (isRowError(error)) return;
    this.#fruitlessCount += 1;
    if (this.#writtenCount === 0 && this.#fruitlessCount >= FRUITLESS_LIMIT) this.#isOutage = true;
  }

  /** After an outage the drainer pauses by itself; a small pause here lets keys with other changes go first. */
  async #giveBack(rows: readonly Row<K, V>[]): Promise<void> {
    await this.#settlement.giveBack(
      rows.map(({ entry }) => entry),
      { delayMs: this.#isOutage ? this.#pauseMs(1) : 0, isTry: false },
    );
  }

  #changeOf({ sequence, changeCount, items }: TakenEntry): Change<K, V> {
    const { name, codec, declaration } = this.#context;
    const { mode, merge } = declaration.settings;
    const { kind, key, content } = foldItems<K, V>(items, { codec, merge });
    const common = { key, sequence, changeCount };
    if (kind === "v") return { ...common, value: content };
    // Left by a version of the program that had it.
    if (mode === "value") throw new WriteBehindModeError(name);
    return { ...common, patch: content };
  }

  #isTransient(error: unknown): boolean {
    if (isInTheWay(error)) return false;
    return (this.#context.declaration.settings.isTransient ?? isTransient)(error);
  }

  #pauseMs(failureCount: number): number {
    const { declaration, random } = this.#context;
    return pauseAfterMs(declaration.settings.backoff, failureCount, random());
  }
}
