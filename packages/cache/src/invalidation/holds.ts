import type { Clock } from "@upshift/foundation";

/** Beyond this many, those that are over are looked for. */
const MOST_HOLDS = 10_000;

/** Keys for which nothing may be stored for a while, since the database may answer with what was before. */
export class Holds {
  readonly #clock: Clock;
  readonly #untilMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(id: string): boolean {
    const untilMs = this.#untilMs.get(id);
    return untilMs !== undefined && this.#clock.now() < untilMs;
  }

  /** @param holdMs - from now on; never ends one that lasts longer */
  add(id: string, holdMs: number): void {
    if (holdMs === 0) return;
    const nowMs = this.#clock.now();
    this.#untilMs.set(id, Math.max(nowMs + holdMs, this.#untilMs.get(id) ?? 0));
    if (this.#untilMs.size <= MOST_HOLDS) return;
    for (const [held, untilMs] of this.#untilMs) if (untilMs <= nowMs) this.#untilMs.delete(held);
  }

  clear(): void {
    this.#untilMs.clear();
  }
}
