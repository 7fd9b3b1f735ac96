import type { Clock } from "@upshift/foundation";

const KEEP_MS = 60_000;
const MOST_KEYS = 10_000;

interface Recent {
  readonly clock: number;
  readonly atMs: number;
}

/** Keys that were invalidated lately: what a failover brings back of them is not believed. */
export class RecentKeys {
  readonly #clock: Clock;
  readonly #keys = new Map<string, Recent>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(id: string, clock: number): void {
    this.#keys.delete(id);
    this.#keys.set(id, { clock, atMs: this.#clock.now() });
    this.#prune();
  }

  /** The clock of the last invalidation; 0 if there was none lately. */
  clockOf(id: string): number {
    return this.#keys.size === 0 ? 0 : (this.#keys.get(id)?.clock ?? 0);
  }

  #prune(): void {
    const horizonMs = this.#clock.now() - KEEP_MS;
    for (const [id, { atMs }] of this.#keys) {
      if (this.#keys.size <= MOST_KEYS && atMs >= horizonMs) return;
      this.#keys.delete(id);
    }
  }
}
