import type { Clock } from "@upshift/foundation";
import type { WaitOptions } from "@upshift/redis";
import type { Shard } from "./shard.ts";

/** What other processes have put is counted so often, while something is put. */
const RECOUNT_MS = 1_000;
/** The same while there seems to be next to no room. */
const RECOUNT_FULL_MS = 50;
const NEARLY_FULL_RATIO = 0.9;

/** Whether as many keys wait as may, as far as this process knows. */
export class PendingCount {
  readonly #shards: readonly Shard[];
  readonly #maxPending: number;
  readonly #clock: Clock;
  #counting: Promise<void> | undefined;
  #isCounted = false;
  #countedAtMs = Number.NEGATIVE_INFINITY;

  constructor(shards: readonly Shard[], maxPending: number, clock: Clock) {
    this.#shards = shards;
    this.#maxPending = maxPending;
    this.#clock = clock;
  }

  get value(): number {
    let count = 0;
    for (const shard of this.#shards) count += shard.pendingCount;
    return count;
  }

  /** @throws what the port throws, when it has to be counted first */
  async isFull({ timeoutMs, signal }: WaitOptions): Promise<boolean> {
    const isNear = this.value >= this.#maxPending * NEARLY_FULL_RATIO;
    const nowMs = this.#clock.now();
    if (nowMs - this.#countedAtMs >= (isNear ? RECOUNT_FULL_MS : RECOUNT_MS)) {
      this.#countedAtMs = nowMs;
      this.#counting = this.#count(timeoutMs === undefined ? {} : { timeoutMs });
      this.#counting.catch(() => {
        this.#countedAtMs = Number.NEGATIVE_INFINITY;
      });
    }
    // All wait for it, or those that came later would be sent first.
    if (isNear || !this.#isCounted) await this.#counting;
    signal?.throwIfAborted();
    return this.value >= this.#maxPending;
  }

  async #count(options: WaitOptions): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard.countPending(options)));
    this.#isCounted = true;
  }
}
