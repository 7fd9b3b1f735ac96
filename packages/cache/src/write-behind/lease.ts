import type { TimerClock } from "@upshift/foundation";
import type { Shard, TakenEntry } from "./shard.ts";
import { WriteBehindLeaseLostError } from "./write-behind-errors.ts";

/** Renewed so often, two renewals can fail before the lease ends. */
const RENEWALS_PER_LEASE = 3;

interface LeaseOptions {
  readonly name: string;
  readonly clock: TimerClock;
  readonly leaseMs: number;
  /** Before Redis was asked for the first of the entries: their lease began later. */
  readonly askedAtMs: number;
  readonly onLost: (error: WriteBehindLeaseLostError) => void;
}

/** Renews the hold on entries until each is settled; tells once when it may be somebody else's. */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #held = new Set<TakenEntry>();
  #endsAtMs: number;
  #cancelTimer: (() => void) | undefined;
  #isOver = false;
  #lastFailure: unknown;

  constructor(entries: readonly TakenEntry[], options: LeaseOptions) {
    this.#options = options;
    for (const entry of entries) this.#held.add(entry);
    this.#endsAtMs = options.askedAtMs + options.leaseMs;
    this.#schedule();
  }

  /** They are about to be acknowledged, given back or given up, and are no longer renewed. */
  settle(entries: readonly TakenEntry[]): void {
    for (const entry of entries) this.#held.delete(entry);
  }

  /** Those that are neither settled nor known to be lost. */
  get held(): readonly TakenEntry[] {
    return [...this.#held];
  }

  end(): void {
    this.#isOver = true;
    this.#cancelTimer?.();
  }

  #schedule(): void {
    if (this.#isOver) return;
    const { clock, leaseMs } = this.#options;
    const leftMs = this.#endsAtMs - clock.now();
    if (leftMs <= 0) {
      this.#lose("Redis did not renew it in time", this.#lastFailure);
      return;
    }
    const pauseMs = Math.min(leaseMs / RENEWALS_PER_LEASE, leftMs);
    this.#cancelTimer = clock.after(
      pauseMs,
      () => {
        // A process that was stopped must not begin with a renewal: its time may be over.
        if (clock.now() >= this.#endsAtMs) this.#schedule();
        else void this.#renew().then(() => this.#schedule());
      },
      { isBackground: true },
    );
  }

  async #renew(): Promise<void> {
    const { clock, leaseMs } = this.#options;
    const askedAtMs = clock.now();
    const timeoutMs = Math.max(1, this.#endsAtMs - askedAtMs);
    try {
      const asked = this.held;
      const groups = [...byToken(asked).values()];
      const lost = await Promise.all(
        groups.map(({ shard, token, keys }) => shard.renew(token, keys, leaseMs, { timeoutMs })),
      );
      const isLost = groups.some(({ entries }, index) =>
        entries.some((entry) => this.#held.has(entry) && lost[index]?.includes(entry.key)),
      );
      if (isLost) this.#lose("another drainer has keys of it", undefined);
      this.#endsAtMs = Math.max(this.#endsAtMs, askedAtMs + leaseMs);
    } catch (error) {
      this.#lastFailure = error;
    }
  }

  #lose(reason: string, cause: unknown): void {
    if (this.#isOver) return;
    this.end();
    this.#options.onLost(new WriteBehindLeaseLostError(this.#options.name, reason, cause));
  }
}

/** Entries that were taken together, from one shard. */
export interface TakenTogether {
  readonly shard: Shard;
  readonly token: string;
  readonly keys: string[];
  readonly entries: TakenEntry[];
}

export function byToken(entries: readonly TakenEntry[]): ReadonlyMap<string, TakenTogether> {
  const groups = new Map<string, TakenTogether>();
  for (const entry of entries) {
    const { shard, token, key } = entry;
    const group = groups.get(token) ?? { shard, token, keys: [], entries: [] };
    group.keys.push(key);
    group.entries.push(entry);
    groups.set(token, group);
  }
  return groups;
}
