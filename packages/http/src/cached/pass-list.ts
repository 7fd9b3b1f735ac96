import type { Clock } from "@upshift/foundation";

const MOST_KEYS = 1_000;
const PASS_MS = 10_000;

/** Keys whose responses turned out not to be for sharing: for a while nobody waits for them. */
export class PassList {
  readonly #clock: Clock;
  readonly #until = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(key: string): boolean {
    const untilMs = this.#until.get(key);
    if (untilMs === undefined) return false;
    if (this.#clock.now() < untilMs) return true;
    this.#until.delete(key);
    return false;
  }

  add(key: string): void {
    this.#until.delete(key);
    this.#until.set(key, this.#clock.now() + PASS_MS);
    for (const oldest of this.#until.keys()) {
      if (this.#until.size <= MOST_KEYS) return;
      this.#until.delete(oldest);
    }
  }
}
