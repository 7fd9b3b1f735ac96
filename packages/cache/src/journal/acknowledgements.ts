import type { TimerClock } from "@upshift/foundation";
import { CacheNotAcknowledgedError } from "../cache-errors.ts";

interface Wait {
  readonly clock: number;
  readonly missing: Set<string>;
  end(error?: unknown): void;
}

/** A process that stopped while a timer of another ran may be late by so much. */
const MARGIN_MS = 100;
const MOST_EARLY = 256;

/**
 * Waits until every process that shares the cache has acted on a message, or can no longer believe its memory: none believes it for longer than its own bound
 * after it was last heard of.
 */
export class Acknowledgements {
  readonly #clock: TimerClock;
  readonly #member: string;
  readonly #waits = new Set<Wait>();
  /** An acknowledgement may be quicker than the answer that says what it is of. */
  readonly #early = new Map<number, Set<string>>();

  constructor(clock: TimerClock, member: string) {
    this.#clock = clock;
    this.#member = member;
  }

  /**
   * @param clock - of the message
   * @param serverMs - when it was sent
   * @param members - who was heard of when (ms of the server), each as `<id> <ms that it believes its memory>`
   * @throws {CacheNotAcknowledgedError} when the cache is closed meanwhile
   */
  wait(
    clock: number,
    serverMs: number,
    members: readonly (readonly [entry: string, heardAtMs: number])[],
  ): Promise<void> {
    const bounds = new Map<string, number>();
    for (const [entry, heardAtMs] of members) {
      const [member = "", believesMs = "0"] = entry.split(" ");
      const leftMs = heardAtMs + Number(believesMs) + MARGIN_MS - serverMs;
      const hasHeard = this.#early.get(clock)?.has(member) === true;
      if (member !== this.#member && leftMs > 0 && !hasHeard)
        bounds.set(member, Math.max(leftMs, bounds.get(member) ?? 0));
    }
    if (bounds.size === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const cancels = Array.from(bounds, ([member, leftMs]) =>
        this.#clock.after(leftMs, () => remove(member)),
      );
      const wait: Wait = {
        clock,
        missing: new Set(bounds.keys()),
        end: (error) => {
          for (const cancel of cancels) cancel();
          this.#waits.delete(wait);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      const remove = (member: string): void => {
        wait.missing.delete(member);
        if (wait.missing.size === 0) wait.end();
      };
      this.#waits.add(wait);
    });
  }

  /** @param text - `<member> <clock>` */
  receive(text: string): void {
    const [member = "", clockText] = text.split(" ");
    const clock = Number(clockText);
    const early = this.#early.get(clock) ?? new Set();
    this.#early.set(clock, early.add(member));
    for (const [oldest] of this.#early)
      if (this.#early.size > MOST_EARLY) this.#early.delete(oldest);
    for (const wait of Array.from(this.#waits)) {
      if (wait.clock !== clock) continue;
      wait.missing.delete(member);
      if (wait.missing.size === 0) wait.end();
    }
  }

  close(): void {
    for (const wait of Array.from(this.#waits))
      wait.end(new CacheNotAcknowledgedError(wait.missing.size, "the cache was closed"));
  }
}
