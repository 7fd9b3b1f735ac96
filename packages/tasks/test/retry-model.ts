/** What an attempt does. `"waits"` ones end when the test says so. */
export type AttemptKind = "waits" | "throws";

export interface RetryPlan {
  readonly work: readonly AttemptKind[];
  readonly attempts: number;
  readonly baseMs: number;
  readonly maxMs: number;
  readonly factor: number;
  /** From 0 up to 1: one for each wait; empty means no jitter. */
  readonly draws: readonly number[];
  /** By attempt: the hint that its error carries, in ms. */
  readonly hintsMs: readonly (number | undefined)[];
  readonly maxHintMs: number;
  readonly deadlineMs: number | undefined;
}

/** What `retry` must do, said plainly: it is in an attempt, in a wait, or over. */
export class RetryModel {
  attempt = 0;
  ending: string | undefined;
  /** When the wait ends; `undefined` in an attempt. */
  wakesAtMs: number | undefined;
  isCalledOff = false;
  readonly #plan: RetryPlan;
  #nowMs = 0;
  #waitCount = 0;
  #waitedMs = 0;

  constructor(plan: RetryPlan) {
    this.#plan = plan;
  }

  begin(): void {
    this.wakesAtMs = undefined;
    this.attempt++;
    if (this.#plan.work[this.attempt - 1] === "throws") this.#fail();
  }

  finish(isOk: boolean): void {
    if (this.ending !== undefined || this.wakesAtMs !== undefined) return;
    if (isOk) this.ending = `value ${this.attempt}`;
    else this.#fail();
  }

  stop(message: string): void {
    if (this.ending !== undefined) return;
    this.ending = message;
    this.isCalledOff = true;
  }

  advance(byMs: number): void {
    this.#wake();
    for (let restMs = byMs; restMs > 0; restMs--) {
      this.#nowMs++;
      if (this.ending !== undefined) continue;
      if (this.#nowMs === this.#plan.deadlineMs)
        this.stop(
          `not done within ${this.#nowMs} ms: still running "attempt ${this.attempt}", info undefined`,
        );
      else this.#wake();
    }
  }

  /** A wait of nothing ends as time is looked at. */
  #wake(): void {
    while (
      this.ending === undefined &&
      this.wakesAtMs !== undefined &&
      this.wakesAtMs <= this.#nowMs
    )
      this.begin();
  }

  #fail(): void {
    const { attempts, baseMs, deadlineMs, draws, factor, hintsMs, maxHintMs, maxMs } = this.#plan;
    const message = `attempt ${this.attempt}, info ${this.attempt} ${this.#waitedMs}`;
    const hintMs = hintsMs[this.attempt - 1] ?? 0;
    if (this.attempt === attempts || hintMs > maxHintMs) {
      this.ending = message;
      return;
    }
    let longestMs = baseMs;
    for (let step = 1; step < this.attempt; step++) longestMs *= factor;
    const draw = draws.length === 0 ? 1 : (draws[this.#waitCount % draws.length] ?? 0);
    const waitMs = hintMs + Math.round(Math.min(longestMs, maxMs) * draw);
    this.#waitCount++;
    if (deadlineMs !== undefined && this.#nowMs + waitMs >= deadlineMs) {
      this.ending = message;
      return;
    }
    this.#waitedMs += waitMs;
    this.wakesAtMs = this.#nowMs + waitMs;
  }
}
